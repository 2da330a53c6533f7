import type { NetworkInterface, NetworkSecurityGroup } from '@azure/arm-network';
import { openPorts, type Rule } from '../../domain/resources/exposure';
import { parseResourceId, type ResourceId } from '../../domain/resources/resource-id';
import { callAzure, toAzureError } from '../connection/azure-error';
import { type BulkReading, collectPages, createBulkReader } from '../connection/bulk-reads';
import type { AzureClients } from '../connection/clients';

/** How a machine is reachable from the internet. */
export interface Exposure {
  publicIps: string[];
  openPorts: string[];
}

type NetworkClient = ReturnType<AzureClients['network']>;

/** One kind of network resource, read alone or as a list, and what is kept of it. */
interface Kind<Resource, T> {
  get: (client: NetworkClient, id: ResourceId) => Promise<Resource>;
  list: (client: NetworkClient) => { byPage: () => AsyncIterable<Resource[]> };
  /** What is kept of a resource, by resource id. */
  keep: (resource: Resource) => Iterable<readonly [string, T]>;
}

const minutes = 60_000;

/** How machines are reachable, from their interfaces, addresses and security groups. */
export function createExposure(clients: AzureClients, reading: BulkReading) {
  function reader<Resource, T>({ get, list, keep }: Kind<Resource, T>, missing?: T) {
    return createBulkReader<T>(
      {
        subscriptionOf: (id) => parseResourceId(id)?.subscriptionId ?? '',
        readOne: (id) =>
          callAzure(`${id.split('/').slice(-2).join(' ')}`, async () => {
            const parsed = parseResourceId(id);
            if (!parsed) throw new Error(`${id} is not a resource id`);
            const [kept] = keep(await get(clients.network(parsed.subscriptionId), parsed));
            if (!kept) throw new Error(`${id} has no id`);
            return kept[1];
          }).catch((error) => {
            if (missing !== undefined && toAzureError(error, '').statusCode === 404) return missing;
            throw error;
          }),
        readAll: async (subscriptionId) => {
          const found = await callAzure('network resources', () =>
            collectPages(list(clients.network(subscriptionId)).byPage()),
          );
          const kept = new Map<string, T>();
          for (const resource of found.items)
            for (const [id, value] of keep(resource)) kept.set(id.toLowerCase(), value);
          return { find: (id) => kept.get(id.toLowerCase()), requests: found.requests };
        },
        aloneMs: minutes,
        listMs: 2 * minutes,
      },
      reading,
    );
  }

  const interfaceOf = reader({
    get: (client, id) => client.networkInterfaces.get(id.resourceGroup, id.chain[0]?.name ?? ''),
    list: (client) => client.networkInterfaces.listAll(),
    keep: (nic) => [[nic.id ?? '', toInterface(nic)]],
  });
  const addressOf = reader({
    get: (client, id) => client.publicIPAddresses.get(id.resourceGroup, id.chain[0]?.name ?? ''),
    list: (client) => client.publicIPAddresses.listAll(),
    keep: (ip) => [[ip.id ?? '', ip.ipAddress ?? '']],
  });
  const rulesOf = reader({
    get: (client, id) => client.networkSecurityGroups.get(id.resourceGroup, id.chain[0]?.name ?? ''),
    list: (client) => client.networkSecurityGroups.listAll(),
    keep: (group) => [[group.id ?? '', toRules(group)]],
  });
  const groupOfSubnet = reader(
    {
      get: async (client, { resourceGroup, chain: [network, subnet] }) => ({
        subnets: [await client.subnets.get(resourceGroup, network?.name ?? '', subnet?.name ?? '')],
      }),
      list: (client) => client.virtualNetworks.listAll(),
      keep: ({ subnets = [] }) =>
        subnets.map((subnet) => [subnet.id ?? '', subnet.networkSecurityGroup?.id ?? ''] as const),
    },
    '',
  );

  async function readInterface(id: string): Promise<{ addresses: string[]; groups: Rule[][] }> {
    const { addressIds, subnetIds, groupId } = await interfaceOf(id);
    const addresses = (await Promise.all(addressIds.map((address) => addressOf(address)))).filter(Boolean);
    if (addresses.length === 0) return { addresses, groups: [] };
    const ofSubnets = await Promise.all(subnetIds.map((subnet) => groupOfSubnet(subnet)));
    const groups = [groupId, ...ofSubnets].filter(Boolean);
    return { addresses, groups: await Promise.all(groups.map((group) => rulesOf(group))) };
  }

  return {
    /**
     * The interfaces' public IP addresses, and the management ports reachable through them. At most a minute
     * old, or two while many are asked for.
     */
    exposureNow: async (interfaceIds: readonly string[]): Promise<Exposure> => {
      const interfaces = await Promise.all(interfaceIds.filter(Boolean).map(readInterface));
      const reachable = interfaces.filter(({ addresses }) => addresses.length > 0);
      return {
        publicIps: reachable.flatMap(({ addresses }) => addresses),
        openPorts: [...new Set(reachable.flatMap(({ groups }) => openPorts(groups)))],
      };
    },
  };
}

function toInterface({ ipConfigurations = [], networkSecurityGroup }: NetworkInterface) {
  return {
    addressIds: ipConfigurations.flatMap(({ publicIPAddress }) => publicIPAddress?.id ?? []),
    subnetIds: ipConfigurations.flatMap(({ subnet }) => subnet?.id ?? []),
    groupId: networkSecurityGroup?.id ?? '',
  };
}

const toRules = ({ securityRules = [] }: NetworkSecurityGroup): Rule[] =>
  securityRules.map((rule) => ({
    priority: rule.priority ?? 65_000,
    direction: rule.direction ?? '',
    access: rule.access ?? '',
    protocol: rule.protocol ?? '',
    sources: [rule.sourceAddressPrefix ?? '', ...(rule.sourceAddressPrefixes ?? [])].filter(Boolean),
    ports: [rule.destinationPortRange ?? '', ...(rule.destinationPortRanges ?? [])].filter(Boolean),
  }));
