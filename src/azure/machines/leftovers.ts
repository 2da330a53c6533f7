import { setTimeout as delay } from 'node:timers/promises';
import { sendArmJson } from '../connection/arm-json';
import { inPath, subscriptionOf } from '../connection/arm-path';
import { callAzure } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { runOperation } from '../connection/long-operation';

const versionOf = (id: string) =>
  /ConnectedVMwarevSphere/i.test(id)
    ? '2022-01-10-preview'
    : /HybridCompute/i.test(id)
      ? '2025-01-13'
      : '2024-11-01';

/** Managed run commands and extensions that stay on a machine after they ran. */
export function createLeftovers(clients: AzureClients) {
  const exists = async (id: string): Promise<boolean> => {
    const request = { id, apiVersion: versionOf(id), what: 'the leftover', allowed: [404] };
    return (await sendArmJson(clients, request)).status !== 404;
  };

  return {
    hasLeftover: (id: string): Promise<boolean> => callAzure('the leftover', () => exists(id)),

    /** Removes it and waits until it is gone. Succeeds where it is gone already. */
    removeLeftover: (id: string): Promise<void> =>
      runOperation('the removal', clients.operationMs, async (abortSignal) => {
        const { resources } = clients.resources(subscriptionOf(id));
        await resources.deleteById(inPath(id), versionOf(id), { abortSignal });
        for (let wait = 50; await exists(id); wait = Math.min(wait * 2, 5000))
          await delay(wait, undefined, { signal: abortSignal });
      }),
  };
}
