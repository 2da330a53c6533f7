import {
  type AzureAddress,
  createAzureRanges,
  type ServiceTag,
  serviceTagSchema,
} from '../domain/network/azure-ranges';
import { createCache } from '../runtime/memoize';
import { callAzure } from './connection/azure-error';
import type { AzureClients } from './connection/clients';

/** The list is the same in all of a cloud's locations. Source: the REST reference of "Service Tags - List". */
const locations = { public: 'westeurope', usgovernment: 'usgovvirginia', china: 'chinaeast2' } as const;

/** Microsoft publishes a new list each week. */
const keepMs = 86_400_000;
/** A missing permission is not asked for again with each alert. */
const keepFailureMs = 10 * 60_000;

type Ranges = (ip: string) => AzureAddress | null;

/** Finds which of Azure's services an address belongs to. One request a day. */
export function createServiceTags(clients: AzureClients, cloud: keyof typeof locations, now: () => number) {
  const lists = createCache<Promise<Ranges>>(keepMs, 1, now);

  const read = (subscriptionId: string): Promise<Ranges> =>
    callAzure("Azure's address ranges", async () => {
      const { values = [] } = await clients.network(subscriptionId).serviceTags.list(locations[cloud]);
      const tags = values.flatMap((tag): ServiceTag[] => {
        const { data } = serviceTagSchema.safeParse(tag);
        return data ? [data] : [];
      });
      if (tags.length === 0) throw new Error('the list of service tags is empty');
      return createAzureRanges(tags);
    });

  return {
    /**
     * Where in Azure an address is; null if it is not Azure's.
     * @param subscriptionId through which the list is read
     * @throws {AzureError}
     */
    async azureAddress(ip: string, subscriptionId: string): Promise<AzureAddress | null> {
      const known = lists.get('ranges') ?? read(subscriptionId);
      if (!lists.has('ranges')) {
        lists.set('ranges', known);
        known.catch(() => lists.set('ranges', known, { ttl: keepFailureMs }));
      }
      return (await known)(ip);
    },
  };
}
