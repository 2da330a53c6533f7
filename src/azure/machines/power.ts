import { setTimeout as delay } from 'node:timers/promises';
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { is, parseResourceId } from '../../domain/resources/resource-id';
import { pathOf } from '../connection/arm-path';
import { doing } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { waitingFor } from '../connection/long-operation';

/** A machine's place: its own, or as an instance of a scale set. */
interface Place {
  subscriptionId: string;
  resourceGroup: string;
  name: string;
  /** The scale set, when it is an instance. */
  set: string | null;
}

/** Power, and what run command leaves behind. Long operations are awaited for a time; each may be done again. */
export function createPower(clients: AzureClients) {
  const machines = (place: Place) => clients.compute(place.subscriptionId).virtualMachines;
  const instances = (place: Place) => clients.compute(place.subscriptionId).virtualMachineScaleSetVMs;

  const restart = (id: string) =>
    waitingFor('restarting', clients.operationMs, (abortSignal) =>
      machines(placeOf(id)).restart(placeOf(id).resourceGroup, placeOf(id).name, { abortSignal }),
    );

  const deallocate = (id: string) => {
    const place = placeOf(id);
    return waitingFor<unknown>('stopping', clients.operationMs, (abortSignal) =>
      place.set
        ? instances(place).deallocate(place.resourceGroup, place.set, place.name, { abortSignal })
        : machines(place).deallocate(place.resourceGroup, place.name, { abortSignal }),
    );
  };

  const start = (id: string) => {
    const place = placeOf(id);
    return waitingFor<unknown>('starting', clients.operationMs, (abortSignal) =>
      place.set
        ? instances(place).start(place.resourceGroup, place.set, place.name, { abortSignal })
        : machines(place).start(place.resourceGroup, place.name, { abortSignal }),
    );
  };

  /** A managed run command or an extension on a machine, as ARM has it; null when it is no more. */
  const readLeftover = (id: string): Promise<Record<string, unknown> | null> =>
    doing('what was left', async () => {
      const answer = await send('GET', id);
      return answer.status === 404
        ? null
        : (JSON.parse(answer.bodyAsText ?? '{}') as Record<string, unknown>);
    });

  /** Removes it, and waits until it is gone; one that is gone already is well. */
  const removeLeftover = (id: string): Promise<void> =>
    waitingFor('removing it', clients.operationMs, async (abortSignal) => {
      await send('DELETE', id);
      for (let wait = 50; (await send('GET', id)).status !== 404; wait = Math.min(wait * 2, 5000))
        await delay(wait, undefined, { signal: abortSignal });
    });

  /** Makes a Sentinel incident in a workspace; answers where to read it. Making it again changes nothing. */
  const putIncident = (
    workspaceId: string,
    name: string,
    properties: Record<string, unknown>,
  ): Promise<string> =>
    doing('the incident', async () => {
      const id = `${workspaceId}/providers/Microsoft.SecurityInsights/incidents/${name}`;
      const known = await send('GET', id);
      const answer = known.status === 404 ? await send('PUT', id, { properties }) : known;
      const made = JSON.parse(answer.bodyAsText ?? '{}') as { properties?: { incidentUrl?: string } };
      return made.properties?.incidentUrl ?? '';
    });

  /** As raw JSON by any of the clients' pipelines: Arc has no client here, and this one lets us. */
  async function send(method: 'GET' | 'DELETE' | 'PUT', id: string, body?: unknown) {
    const client = clients.network(parseResourceId(id)?.subscriptionId ?? '');
    const version = /SecurityInsights/i.test(id)
      ? '2024-09-01'
      : /HybridCompute/i.test(id)
        ? '2025-01-13'
        : '2024-11-01';
    const answer = await client.sendRequest(
      createPipelineRequest({
        url: `${clients.endpoint}${pathOf(id)}?api-version=${version}`,
        method,
        headers: createHttpHeaders({
          accept: 'application/json',
          ...(body ? { 'content-type': 'application/json' } : {}),
        }),
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    );
    if (answer.status >= 400 && answer.status !== 404)
      throw {
        request: { method },
        statusCode: answer.status,
        response: { headers: answer.headers, bodyAsText: answer.bodyAsText },
      };
    return answer;
  }

  return {
    restart,
    deallocate,
    startMachine: start,
    readLeftover,
    removeLeftover,
    putIncident,
  };
}

function placeOf(id: string): Place {
  const parsed = parseResourceId(id);
  const [first, second] = parsed?.chain ?? [];
  const set = is(first?.type ?? '', 'virtualMachineScaleSets') ? (first?.name ?? '') : null;
  return {
    subscriptionId: parsed?.subscriptionId ?? '',
    resourceGroup: parsed?.resourceGroup ?? '',
    name: (set ? second?.name : first?.name) ?? '',
    set,
  };
}
