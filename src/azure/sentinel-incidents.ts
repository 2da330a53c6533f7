import { sendArmJson } from './connection/arm-json';
import { callAzure } from './connection/azure-error';
import type { AzureClients } from './connection/clients';

/** Source: "Incidents - Create Or Update", learn.microsoft.com/rest/api/securityinsights. */
const apiVersion = '2024-09-01';

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
  };
}
