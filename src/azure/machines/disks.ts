import type { DataDisk, Disk, VirtualMachine } from '@azure/arm-compute';
import { is, parseResourceId } from '../../domain/resources/resource-id';
import { AzureError, doing } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { waitingFor } from '../connection/long-operation';

/** A managed disk where it is plugged in; the system disk has no `lun`. */
export interface PluggedDisk {
  lun: number | null;
  id: string;
}

/** A moment that a machine's disks can go back to: what each is made from, by the disk's id in lower case. */
export interface GoodState {
  /** The restore point's id, or the system disk's snapshot. */
  id: string;
  /** RFC 3339, UTC. */
  at: string;
  kind: 'snapshot' | 'restore point';
  from: Record<string, string>;
}

/** A machine's disks, and what they can be made anew from. Long operations are awaited; each may be done again. */
export function createDisks(clients: AzureClients) {
  const computeOf = (id: string) => clients.compute(parseResourceId(id)?.subscriptionId ?? '');
  const placeOf = (id: string) => {
    const parsed = parseResourceId(id);
    return [parsed?.resourceGroup ?? '', parsed?.chain.at(-1)?.name ?? ''] as const;
  };

  const read = (machineId: string): Promise<VirtualMachine> =>
    doing('the machine', () => computeOf(machineId).virtualMachines.get(...placeOf(machineId)));

  /** Its managed disks, the system disk first; throws when that is none. */
  const pluggedDisks = async (machineId: string): Promise<PluggedDisk[]> => {
    const { osDisk, dataDisks = [] } = (await read(machineId)).storageProfile ?? {};
    const system = osDisk?.managedDisk?.id;
    if (!system)
      throw new AzureError(
        'the machine has no managed system disk',
        'NoManagedDisk',
        400,
        0,
        'restore it by hand',
      );
    const data = dataDisks.flatMap(({ lun, managedDisk }) =>
      managedDisk?.id ? [{ lun, id: managedDisk.id }] : [],
    );
    return [{ lun: null, id: system }, ...data];
  };

  /** Puts disks into a stopped machine, each in the place it names; what it doesn't name stays. */
  const swapDisks = (machineId: string, disks: readonly PluggedDisk[]) =>
    waitingFor('swapping the disks', clients.operationMs, async (abortSignal) => {
      const system = disks.find(({ lun }) => lun === null);
      const data = (await read(machineId)).storageProfile?.dataDisks ?? [];
      const swapped = {
        storageProfile: {
          ...(system
            ? {
                osDisk: {
                  name: nameOf(system.id),
                  createOption: 'FromImage',
                  managedDisk: { id: system.id },
                },
              }
            : {}),
          ...(disks.length > 1 ? { dataDisks: data.map((disk) => inPlaceOf(disk, disks)) } : {}),
        },
      };
      return computeOf(machineId).virtualMachines.update(...placeOf(machineId), swapped, { abortSignal });
    });

  /** What the machine can go back to, the newest first: snapshots of its system disk, and restore points. */
  const goodStates = async (machineId: string, disks: readonly PluggedDisk[]): Promise<GoodState[]> => {
    const [snapshots, points] = await Promise.all([
      snapshotsOf(machineId, disks),
      restorePointsOf(machineId),
    ]);
    return [...snapshots, ...points].sort((a, b) => (a.at < b.at ? 1 : -1));
  };

  /** Each snapshot of the system disk, with every data disk's last one until an hour after it. */
  const snapshotsOf = (machineId: string, disks: readonly PluggedDisk[]): Promise<GoodState[]> =>
    doing('snapshots', async () => {
      const found: { id: string; at: string; of: string }[] = [];
      for await (const { id, timeCreated, creationData } of computeOf(machineId).snapshots.list()) {
        const of = creationData?.sourceResourceId?.toLowerCase() ?? '';
        if (id && timeCreated && disks.some((disk) => is(disk.id, of)))
          found.push({ id, at: timeCreated.toISOString(), of });
      }
      found.sort((a, b) => (a.at < b.at ? -1 : 1));
      const system = disks.find(({ lun }) => lun === null)?.id ?? '';
      return found
        .filter(({ of }) => is(of, system))
        .map(({ id, at, of }) => {
          const until = new Date(Date.parse(at) + 3_600_000).toISOString();
          const together = found.filter((each) => each.at <= until && !is(each.of, system));
          const from = Object.fromEntries([...together, { id, at, of }].map((each) => [each.of, each.id]));
          return { id, at, kind: 'snapshot' as const, from };
        });
    });

  const restorePointsOf = (machineId: string): Promise<GoodState[]> =>
    doing('restore points', async () => {
      const found: GoodState[] = [];
      const collections = computeOf(machineId).restorePointCollections;
      for await (const { id, source } of collections.listAll()) {
        if (!id || !is(source?.id ?? '', machineId)) continue;
        const whole = await collections.get(...placeOf(id), { expand: 'restorePoints' });
        for (const point of whole.restorePoints ?? []) {
          const { osDisk, dataDisks = [] } = point.sourceMetadata?.storageProfile ?? {};
          const from = [osDisk, ...dataDisks].flatMap((disk) =>
            disk?.managedDisk?.id && disk.diskRestorePoint?.id
              ? [[disk.managedDisk.id.toLowerCase(), disk.diskRestorePoint.id]]
              : [],
          );
          if (point.id && point.timeCreated && point.provisioningState === 'Succeeded')
            found.push({
              id: point.id,
              at: point.timeCreated.toISOString(),
              kind: 'restore point',
              from: Object.fromEntries(from),
            });
        }
      }
      return found;
    });

  /** Makes a disk from a snapshot or a disk's restore point, like the old one; making it again changes nothing. */
  const diskFrom = (diskId: string, sourceId: string, likeDiskId: string, tags: Record<string, string>) =>
    waitingFor('the new disk', clients.operationMs, async (abortSignal) => {
      const disks = computeOf(diskId).disks;
      const old: Disk = await disks.get(...placeOf(likeDiskId));
      const kept = Object.fromEntries(
        alike.map((field) => [field, old[field]]).filter(([, value]) => value !== undefined),
      ) as Partial<Disk>;
      const made: Disk = {
        ...kept,
        location: old.location,
        tags: { ...old.tags, ...tags },
        ...(old.sku?.name ? { sku: { name: old.sku.name } } : {}),
        creationData: {
          createOption: /\/diskRestorePoints\//i.test(sourceId) ? 'Restore' : 'Copy',
          sourceResourceId: sourceId,
        },
      };
      return disks.createOrUpdate(...placeOf(diskId), made, { abortSignal });
    });

  return { pluggedDisks, swapDisks, goodStates, diskFrom };
}

/** Without these a machine of trusted launch, or with keys of its own, would not start from the new disk. */
const alike = [
  'zones',
  'osType',
  'hyperVGeneration',
  'securityProfile',
  'encryption',
  'networkAccessPolicy',
  'diskAccessId',
  'publicNetworkAccess',
] as const;

const nameOf = (id: string) => id.split('/').at(-1) ?? '';

function inPlaceOf(disk: DataDisk, disks: readonly PluggedDisk[]): DataDisk {
  const other = disks.find(({ lun }) => lun === disk.lun);
  if (!other || is(other.id, disk.managedDisk?.id ?? '')) return disk;
  return {
    lun: disk.lun,
    name: nameOf(other.id),
    createOption: 'Attach',
    managedDisk: { id: other.id },
    ...(disk.caching ? { caching: disk.caching } : {}),
    ...(disk.deleteOption ? { deleteOption: disk.deleteOption } : {}),
    ...(disk.writeAcceleratorEnabled ? { writeAcceleratorEnabled: true } : {}),
  };
}
