import { z } from 'zod';
import type { ManagementGroup } from '../../domain/resources/management-group';
import { sendArmJson } from '../connection/arm-json';
import { AzureError, callAzure } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

/**
 * Azure Resource Graph returns a subscription's ancestors to whoever may read the subscription.
 * @see https://learn.microsoft.com/azure/governance/management-groups/resource-graph-samples
 */
const query = `resourcecontainers
| where type =~ 'microsoft.resources/subscriptions'
| project id, subscriptionId, groups = properties.managementGroupAncestorsChain`;

/** A page has up to 1000 rows, and a tenant query covers 10,000 subscriptions. */
const maxPages = 20;

/** Azure allows six levels below the root group, names of 90 characters, and display names of 250. */
const groupSchema = z.object({ name: z.string().max(250), displayName: z.string().max(1000).nullish() });
const pageSchema = z.object({
  data: z.array(z.object({ subscriptionId: z.string(), groups: z.array(groupSchema).max(20).nullish() })),
  $skipToken: z.string().nullish(),
});

/**
 * The management groups above each visible subscription, the nearest first, by subscription id in lower case.
 * @throws {AzureError}
 */
export const listManagementGroups = (clients: AzureClients): Promise<Map<string, ManagementGroup[]>> =>
  callAzure('management groups', async () => {
    const above = new Map<string, ManagementGroup[]>();
    let token: string | null = null;
    for (let page = 0; page < maxPages; page++) {
      const { bodyAsText } = await sendArmJson(clients, {
        method: 'POST',
        id: '/providers/Microsoft.ResourceGraph/resources',
        apiVersion: '2022-10-01',
        body: {
          query,
          options: { resultFormat: 'objectArray', $top: 1000, ...(token ? { $skipToken: token } : {}) },
        },
        what: 'management groups',
      });
      const { data, $skipToken } = pageOf(bodyAsText);
      for (const { subscriptionId, groups } of data)
        above.set(
          subscriptionId.toLowerCase(),
          (groups ?? []).map(({ name, displayName }) => ({ id: name, name: displayName || name })),
        );
      if (!$skipToken) return above;
      token = $skipToken;
    }
    throw invalid(`more than ${maxPages} pages`);
  });

function pageOf(text: string | null | undefined): z.output<typeof pageSchema> {
  try {
    return pageSchema.parse(JSON.parse(text ?? ''));
  } catch {
    throw invalid('Azure Resource Graph returned an invalid page');
  }
}

const invalid = (why: string): AzureError =>
  new AzureError(`management groups: ${why}`, 'NotAPage', 200, 0, 'Runwatch will retry');
