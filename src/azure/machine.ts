import { is, parseResourceId } from '../alerts/resource-id';
import type { AzureClients } from './clients';
import { AzureError, toAzureError } from './errors';

export interface Machine {
  id: string;
  location: string;
  tags: Record<string, string>;
  os: 'Linux' | 'Windows' | null;
  interfaceIds: string[];
}

/** A virtual machine by its id, its power state and agent included. */
export async function readMachine(clients: AzureClients, machineId: string): Promise<Machine> {
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
    const vm = await clients.compute(id.subscriptionId).virtualMachines.get(id.resourceGroup, name);
    return {
      id: vm.id ?? machineId,
      location: vm.location ?? '',
      tags: vm.tags ?? {},
      os:
        vm.storageProfile?.osDisk?.osType === 'Windows'
          ? 'Windows'
          : vm.storageProfile?.osDisk?.osType
            ? 'Linux'
            : null,
      interfaceIds: (vm.networkProfile?.networkInterfaces ?? []).map((nic) => nic.id ?? '').filter(Boolean),
    };
  } catch (error) {
    throw toAzureError(error, `virtual machine ${name}`);
  }
}
