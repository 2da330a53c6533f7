import type { VirtualMachine } from '@azure/arm-compute';
import { covers, is, parseResourceId } from '../../domain/resources/resource-id';
import { t } from '../../domain/text/translate';
import { memoize } from '../../runtime/memoize';
import { AzureError, callAzure, toAzureError } from '../connection/azure-error';
import { type BulkReading, collectPages, createBulkReader } from '../connection/bulk-reads';
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

const minutes = 60_000;

/** Machines and their locks. */
export function createMachines(clients: AzureClients, reading: BulkReading) {
  const { now } = reading;
  const locksOf = memoize(5 * minutes, 1000, listLocks, now);
  const machineIdsOf = memoize(60 * minutes, 1000, listMachineIds, now);
  const machineNow = createBulkReader<Machine>(
    {
      subscriptionOf: (id) => parseResourceId(id)?.subscriptionId ?? '',
      readOne: readMachine,
      readAll: readMachines,
      aloneMs: minutes / 4,
      listMs: 2 * minutes,
    },
    reading,
  );

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

  /** A list has either the machines' settings or their status, so it takes two. */
  async function readMachines(subscriptionId: string) {
    const { virtualMachines } = clients.compute(subscriptionId);
    const [models, states] = await callAzure('virtual machines', () =>
      Promise.all([
        collectPages(virtualMachines.listAll().byPage()),
        collectPages(virtualMachines.listAll({ statusOnly: 'true' }).byPage()),
      ]),
    );
    const stateOf = new Map(states.items.map((vm) => [vm.id?.toLowerCase(), vm.instanceView]));
    const machines = new Map(
      models.items.flatMap((vm) => {
        const id = vm.id ?? '';
        const instanceView = stateOf.get(id.toLowerCase());
        return isComplete(instanceView) ? [[id.toLowerCase(), toMachine(id, { ...vm, instanceView })]] : [];
      }),
    );
    return {
      find: (id: string) => machines.get(id.toLowerCase()),
      requests: models.requests + states.requests,
    };
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
    /** At most 15 seconds old, or two minutes while many machines of its subscription are asked for. */
    machineNow: (id: string) => machineNow(id),
    machineIdsOf,
    /** Management locks on a resource and its parents. */
    locksOn: async (resourceId: string) =>
      (await locksOf(parseResourceId(resourceId)?.subscriptionId ?? '')).filter((lock) =>
        covers(lock.scope, resourceId),
      ),
  };
}

/** Azure reports the agent of every running machine. Without it, the list is incomplete. */
const isComplete = (view: VirtualMachine['instanceView']): view is NonNullable<typeof view> =>
  view?.statuses !== undefined &&
  (view.vmAgent !== undefined || !view.statuses.some(({ code }) => code === 'PowerState/running'));

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
  if (vm.securityProfile?.encryptionAtHost) return t`encryption at host`;
  const disk = vm.storageProfile?.osDisk;
  if (disk?.managedDisk?.diskEncryptionSet?.id) return t`customer-managed encryption key`;
  if (disk?.encryptionSettings?.enabled) return 'Azure Disk Encryption';
  return t`platform-managed encryption key`;
}
