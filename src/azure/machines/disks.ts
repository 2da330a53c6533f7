import type { DataDisk, Disk, VirtualMachine } from '@azure/arm-compute';
import { is, parseResourceId } from '../../domain/resources/resource-id';
import { AzureError, callAzure } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { runOperation } from '../connection/long-operation';

/** An attached managed disk. The system disk has no `lun`. */
export interface AttachedDisk {
  lun: number | null;
  id: string;
}

/** A point in time that a machine can be restored to. `from` maps each lowercase disk id to its source. */
export interface RestoreSource {
  /** The restore point's id, or the system disk's snapshot. */
  id: string;
  /** RFC 3339, UTC. */
  at: string;
  kind: 'snapshot' | 'restore point';
  from: Record<string, string>;
}

/** A machine's disks and their restore sources. Waits for long operations, which are safe to repeat. */
export function createDisks(clients: AzureClients) {
  const computeOf = (id: string) => clients.compute(parseResourceId(id)?.subscriptionId ?? '');
  const placeOf = (id: string) => {
    const parsed = parseResourceId(id);
    return [parsed?.resourceGroup ?? '', parsed?.chain.at(-1)?.name ?? ''] as const;
  };

  const read = (machineId: string): Promise<VirtualMachine> =>
    callAzure('the machine', () => computeOf(machineId).virtualMachines.get(...placeOf(machineId)));

  /** The machine's managed disks, system disk first. Throws if the system disk is not managed. */
  const attachedDisks = async (machineId: string): Promise<AttachedDisk[]> => {
    const { osDisk, dataDisks = [] } = (await read(machineId)).storageProfile ?? {};
    const system = osDisk?.managedDisk?.id;
    if (!system)
      throw new AzureError(
        'the machine has no managed system disk',
        'NoManagedDisk',
        400,
        0,
        'restore it manually',
      );
    const data = dataDisks.flatMap(({ lun, managedDisk }) =>
      managedDisk?.id ? [{ lun, id: managedDisk.id }] : [],
    );
    return [{ lun: null, id: system }, ...data];
  };

  /** Swaps disks of a stopped machine by `lun`. Disks that are not listed stay attached. */
  const swapDisks = (machineId: string, disks: readonly AttachedDisk[]) =>
    runOperation('swapping the disks', clients.operationMs, async (abortSignal) => {
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
          ...(disks.length > 1 ? { dataDisks: data.map((disk) => swappedDisk(disk, disks)) } : {}),
        },
      };
      return computeOf(machineId).virtualMachines.update(...placeOf(machineId), swapped, { abortSignal });
    });

  /** Snapshots of the system disk and restore points, newest first. */
  const restoreSources = async (
    machineId: string,
    disks: readonly AttachedDisk[],
  ): Promise<RestoreSource[]> => {
    const [snapshots, points] = await Promise.all([
      snapshotsOf(machineId, disks),
      restorePointsOf(machineId),
    ]);
    return [...snapshots, ...points].sort((a, b) => (a.at < b.at ? 1 : -1));
  };

  /** Each system disk snapshot, with every data disk's last snapshot up to an hour later. */
  const snapshotsOf = (machineId: string, disks: readonly AttachedDisk[]): Promise<RestoreSource[]> =>
    callAzure('snapshots', async () => {
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

  const restorePointsOf = (machineId: string): Promise<RestoreSource[]> =>
    callAzure('restore points', async () => {
      const found: RestoreSource[] = [];
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

  /** Creates a disk from a snapshot or restore point, with the old disk's settings. Idempotent. */
  const diskFrom = (diskId: string, sourceId: string, likeDiskId: string, tags: Record<string, string>) =>
    runOperation('the new disk', clients.operationMs, async (abortSignal) => {
      const disks = computeOf(diskId).disks;
      const old: Disk = await disks.get(...placeOf(likeDiskId));
      const kept = Object.fromEntries(
        copiedFields.map((field) => [field, old[field]]).filter(([, value]) => value !== undefined),
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

  return { attachedDisks, swapDisks, restoreSources, diskFrom };
}

/**
 * Settings to copy. Without them, a machine with trusted launch or customer keys would not start from the
 * new disk.
 */
const copiedFields = [
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

function swappedDisk(disk: DataDisk, disks: readonly AttachedDisk[]): DataDisk {
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
