import { z } from 'zod';
import { sendArmJson } from '../connection/arm-json';
import { callAzure } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

const workers = z.object({
  value: z.array(
    z.object({
      properties: z
        .object({ workerName: z.string().nullish(), vmResourceId: z.string().nullish() })
        .optional(),
    }),
  ),
  nextLink: z.string().nullish(),
});

/** The machines of a hybrid worker group. */
export interface HybridWorkers {
  names: string[];
  /** There are more than Azure returned at once. */
  more: boolean;
}

const maxWorkers = 100;

/**
 * Reads the machines of a hybrid worker group: the first page, at most 100.
 * @param groupId the group's ARM id
 * @see https://learn.microsoft.com/rest/api/automation/hybrid-runbook-workers/list-by-hybrid-runbook-worker-group
 */
export const readHybridWorkers = (clients: AzureClients, groupId: string): Promise<HybridWorkers> =>
  callAzure('the hybrid workers', async () => {
    const id = `${groupId}/hybridRunbookWorkers`;
    const { bodyAsText } = await sendArmJson(clients, {
      id,
      apiVersion: '2023-11-01',
      what: 'the hybrid workers',
    });
    const { value, nextLink } = workers.parse(JSON.parse(bodyAsText ?? '{}'));
    const names = value.flatMap(({ properties }) => {
      const vm = properties?.vmResourceId?.split('/').at(-1);
      return vm || properties?.workerName || [];
    });
    return { names: names.slice(0, maxWorkers), more: Boolean(nextLink) || names.length > maxWorkers };
  });
