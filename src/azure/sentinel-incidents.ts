import { z } from 'zod';
import { sendArmJson } from './connection/arm-json';
import { callAzure } from './connection/azure-error';
import type { AzureClients } from './connection/clients';

/** Source: "Incidents - Create Or Update", learn.microsoft.com/rest/api/securityinsights. */
const apiVersion = '2024-09-01';

const incidentSchema = z.object({
  etag: z.string().optional(),
  properties: z.looseObject({ title: z.string(), severity: z.string(), status: z.string() }),
});

/** The properties that a request may set. An incident that is no longer closed has no classification. */
const writableNames = [
  'title',
  'description',
  'severity',
  'owner',
  'labels',
  'firstActivityTimeUtc',
  'lastActivityTimeUtc',
];
const writable = (properties: Record<string, unknown>) =>
  Object.fromEntries(writableNames.flatMap((name) => (name in properties ? [[name, properties[name]]] : [])));

export function createSentinelIncidents(clients: AzureClients) {
  return {
    /** Creates an incident in a workspace, unless one of that name is there. Returns its link. */
    putIncident: (workspaceId: string, name: string, properties: Record<string, unknown>): Promise<string> =>
      callAzure('the incident', async () => {
        const id = `${workspaceId}/providers/Microsoft.SecurityInsights/incidents/${name}`;
        const request = { id, apiVersion, what: 'the incident' };
        const known = await sendArmJson(clients, { ...request, allowed: [404] });
        const answer =
          known.status === 404
            ? await sendArmJson(clients, { ...request, method: 'PUT', body: { properties } })
            : known;
        const made = JSON.parse(answer.bodyAsText ?? '{}') as { properties?: { incidentUrl?: string } };
        return made.properties?.incidentUrl ?? '';
      }),
    /**
     * Changes an incident's status, and keeps what analysts wrote. Does nothing if it has that status. The etag
     * keeps changes that are made meanwhile.
     * @param mayReopen false: an incident that an analyst closed stays closed
     * @returns whether the incident has the status
     */
    changeIncident: (
      workspaceId: string,
      name: string,
      changed: { status: string } & Record<string, unknown>,
      { mayReopen }: { mayReopen: boolean },
    ): Promise<boolean> =>
      callAzure('the incident', async () => {
        const id = `${workspaceId}/providers/Microsoft.SecurityInsights/incidents/${name}`;
        const request = { id, apiVersion, what: 'the incident' };
        const known = await sendArmJson(clients, request);
        const { etag, properties } = incidentSchema.parse(JSON.parse(known.bodyAsText ?? '{}'));
        if (properties.status === changed.status) return true;
        if (properties.status === 'Closed' && !mayReopen) return false;
        const body = { ...(etag ? { etag } : {}), properties: { ...writable(properties), ...changed } };
        await sendArmJson(clients, { ...request, method: 'PUT', body });
        return true;
      }),
  };
}
