import type { VirtualMachine } from '@azure/arm-compute';
import { openPorts, type Rule } from '../../domain/resources/exposure';
import { covers, is, parseResourceId } from '../../domain/resources/resource-id';
import { memoize } from '../../runtime/memoize';
import { AzureError, toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

export interface Machine {
  id: string;
  location: string;
  tags: Record<string, string>;
  os: 'Linux' | 'Windows' | null;
  interfaceIds: string[];
  /** "running", "deallocated"; null if Azure does not report it. */
  power: string | null;
  agent: string | null;
  encryption: string;
  /** Object ids of its managed identities. */
  identities: string[];
}

/** How a machine is reachable from the internet. */
export interface Exposure {
  publicIps: string[];
  openPorts: string[];
}

const minutes = 60_000;

/** Machines, their locks and their exposure. */
export function createMachines(clients: AzureClients, now: () => number = Date.now) {
  const locksOf = memoize(5 * minutes, 1000, listLocks, now);
  const machineIdsOf = memoize(60 * minutes, 1000, listMachineIds, now);
  const rulesOf = memoize(minutes, 1000, readRules, now);
  const subnetGroup = memoize(minutes, 1000, readSubnetGroup, now);
  const publicIp = memoize(minutes, 1000, readPublicIp, now);
  const machineNow = memoize(minutes / 4, 5000, readMachine, now);
  const exposureNow = memoize(minutes, 5000, (ids) => readExposure(ids.split(' ')), now);

  /** A virtual machine with its power state and agent status. */
  async function readMachine(machineId: string): Promise<Machine> {
    const id = parseResourceId(machineId);
    const name = id?.chain[0]?.name;
    if (!id || !name || !is(id.provider, 'Microsoft.Compute') || !is(id.chain[0]?.type, 'virtualMachines')) {
      throw new AzureError(
        `${machineId} is not a virtual machine`,
        'NotAVirtualMachine',
        400,
        0,
        'choose a virtual machine',
      );
    }
    try {
      return toMachine(
        machineId,
        await clients
          .compute(id.subscriptionId)
          .virtualMachines.get(id.resourceGroup, name, { expand: 'instanceView' }),
      );
    } catch (error) {
      throw toAzureError(error, `virtual machine ${name}`);
    }
  }

  /** The interfaces' public IP addresses, and the management ports reachable through them. */
  async function readExposure(interfaceIds: readonly string[]): Promise<Exposure> {
    const found: Exposure = { publicIps: [], openPorts: [] };
    const ports = new Set<string>();
    for (const id of interfaceIds.filter(Boolean)) {
      const parsed = parseResourceId(id);
      try {
        const nic = await clients
          .network(parsed?.subscriptionId ?? '')
          .networkInterfaces.get(parsed?.resourceGroup ?? '', parsed?.chain[0]?.name ?? '');
        const addresses = await Promise.all(
          (nic.ipConfigurations ?? []).map((c) =>
            c.publicIPAddress?.id ? publicIp(c.publicIPAddress.id) : '',
          ),
        );
        const ours = addresses.filter(Boolean);
        found.publicIps.push(...ours);
        if (ours.length === 0) continue;
        const subnetIds = (nic.ipConfigurations ?? []).map((c) => c.subnet?.id ?? '').filter(Boolean);
        const groups = [
          nic.networkSecurityGroup?.id,
          ...(await Promise.all(subnetIds.map(subnetGroup))),
        ].filter((g): g is string => Boolean(g));
        for (const port of openPorts(await Promise.all(groups.map(rulesOf)))) ports.add(port);
      } catch (error) {
        throw toAzureError(error, `interface ${parsed?.chain[0]?.name}`);
      }
    }
    found.openPorts = [...ports];
    return found;
  }

  async function readRules(groupId: string): Promise<Rule[]> {
    const id = parseResourceId(groupId);
    const group = await clients
      .network(id?.subscriptionId ?? '')
      .networkSecurityGroups.get(id?.resourceGroup ?? '', id?.chain[0]?.name ?? '');
    return (group.securityRules ?? []).map((rule) => ({
      priority: rule.priority ?? 65_000,
      direction: rule.direction ?? '',
      access: rule.access ?? '',
      protocol: rule.protocol ?? '',
      sources: [rule.sourceAddressPrefix ?? '', ...(rule.sourceAddressPrefixes ?? [])].filter(Boolean),
      ports: [rule.destinationPortRange ?? '', ...(rule.destinationPortRanges ?? [])].filter(Boolean),
    }));
  }

  async function readSubnetGroup(subnetId: string): Promise<string | null> {
    const id = parseResourceId(subnetId);
    const [network, subnet] = id?.chain ?? [];
    try {
      const found = await clients
        .network(id?.subscriptionId ?? '')
        .subnets.get(id?.resourceGroup ?? '', network?.name ?? '', subnet?.name ?? '');
      return found.networkSecurityGroup?.id ?? null;
    } catch (error) {
      if (toAzureError(error, '').statusCode === 404) return null;
      throw error;
    }
  }

  async function readPublicIp(ipId: string): Promise<string> {
    const id = parseResourceId(ipId);
    const found = await clients
      .network(id?.subscriptionId ?? '')
      .publicIPAddresses.get(id?.resourceGroup ?? '', id?.chain[0]?.name ?? '');
    return found.ipAddress ?? '';
  }

  async function listLocks(
    subscriptionId: string,
  ): Promise<{ scope: string; level: string; name: string }[]> {
    try {
      const locks = [];
      for await (const lock of clients.locks(subscriptionId).managementLocks.listAtSubscriptionLevel()) {
        const scope = (lock.id ?? '').replace(/\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i, '');
        locks.push({ scope, level: lock.level ?? '', name: lock.name ?? '' });
      }
      return locks;
    } catch (error) {
      throw toAzureError(error, 'locks');
    }
  }

  async function listMachineIds(subscriptionId: string): Promise<string[]> {
    try {
      const ids: string[] = [];
      for await (const vm of clients.compute(subscriptionId).virtualMachines.listAll()) ids.push(vm.id ?? '');
      return ids;
    } catch (error) {
      throw toAzureError(error, 'virtual machines');
    }
  }

  return {
    /** Bypasses the cache, for code that changes the machine. */
    readMachine,
    /** Cached for 15 seconds, so many alerts on one machine share a read. */
    machineNow: (id: string) => machineNow(id),
    exposureNow: (interfaceIds: readonly string[]) => exposureNow(interfaceIds.join(' ')),
    machineIdsOf,
    /** Management locks on a resource and its parents. */
    locksOn: async (resourceId: string) =>
      (await locksOf(parseResourceId(resourceId)?.subscriptionId ?? '')).filter((lock) =>
        covers(lock.scope, resourceId),
      ),
  };
}

function toMachine(id: string, vm: VirtualMachine): Machine {
  const disk = vm.storageProfile?.osDisk;
  const power = vm.instanceView?.statuses?.find((status) => status.code?.startsWith('PowerState/'))?.code;
  const own = vm.identity?.principalId;
  const assigned = Object.values(vm.identity?.userAssignedIdentities ?? {}).map(
    (identity) => identity.principalId,
  );
  return {
    id: vm.id ?? id,
    location: vm.location ?? '',
    tags: vm.tags ?? {},
    os: disk?.osType === 'Windows' ? 'Windows' : disk?.osType ? 'Linux' : null,
    interfaceIds: (vm.networkProfile?.networkInterfaces ?? []).map((nic) => nic.id ?? '').filter(Boolean),
    power: power?.slice('PowerState/'.length) ?? null,
    agent: vm.instanceView?.vmAgent?.statuses?.[0]?.displayStatus ?? null,
    encryption: encryptionOf(vm),
    identities: [own, ...assigned].filter((principalId): principalId is string => Boolean(principalId)),
  };
}

function encryptionOf(vm: VirtualMachine): string {
  if (vm.securityProfile?.encryptionAtHost) return 'encryption at host';
  const disk = vm.storageProfile?.osDisk;
  if (disk?.managedDisk?.diskEncryptionSet?.id) return 'customer-managed encryption key';
  if (disk?.encryptionSettings?.enabled) return 'Azure Disk Encryption';
  return 'platform-managed encryption key';
}
