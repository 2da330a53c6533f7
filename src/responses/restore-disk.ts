import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { is, parseResourceId } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import { reversible, type Step } from './reversible';

interface Before {
  machineId: string;
  name: string;
  oldDiskId: string;
  newDiskId: string;
  snapshotId: string;
  snapshotAt: string;
}

/** Swaps a stopped machine's system disk. Each step may be done again: a disk that is in already is put in again. */
const swap = ({ machineId, name }: Before, diskId: string): Step<Before>[] => [
  { words: `stop ${name}`, run: (_, { azure }) => azure.deallocate(machineId) },
  {
    words: `put in ${plainLine(diskId.split('/').at(-1), 80)}`,
    run: (_, { azure }) => azure.swapSystemDisk(machineId, diskId),
  },
  { words: `start ${name}`, run: (_, { azure }) => azure.startMachine(machineId) },
];

const nameOf = (id: string) => plainLine(id.split('/').at(-1), 80);

/** Back to known good: a new system disk from the chosen snapshot, or the newest before the execution; the old disk is kept. */
export const [restoreDisk, restoreOldDisk] = reversible<Before>({
  action: 'restore',
  prepare: async (alert, press, { azure }) => {
    const { target, startedAt } = summarize(alert);
    const name = plainLine(target.name, 80);
    const oldDiskId = await azure.systemDisk(target.id);
    const chosen = plainLine(press.input?.snapshot, 300);
    const snapshots = await azure.snapshotsOf(oldDiskId);
    const snapshot = snapshots.find(({ id, at }) =>
      chosen ? is(id, chosen) || is(nameOf(id), chosen) : at < startedAt,
    );
    if (!snapshot)
      throw new Refusal(
        `There is no ${chosen ? `snapshot ${chosen}` : `snapshot from before ${startedAt.slice(0, 16)}Z`} of ${name}'s system disk. There are: ${snapshots.map(({ id }) => nameOf(id)).join(', ') || 'none'}.`,
      );
    const place = parseResourceId(oldDiskId);
    const newName = `runwatch-${alert.id}-${place?.chain[0]?.name ?? 'os'}`.slice(0, 80);
    return {
      machineId: target.id,
      name,
      oldDiskId,
      newDiskId: `/subscriptions/${place?.subscriptionId}/resourceGroups/${place?.resourceGroup}/providers/Microsoft.Compute/disks/${newName}`,
      snapshotId: snapshot.id,
      snapshotAt: snapshot.at,
    };
  },
  steps: (before) => [
    {
      words: `make a disk from the snapshot of ${before.snapshotAt.slice(0, 16)}Z`,
      run: ({ newDiskId, snapshotId, oldDiskId }, { azure }, { id }) =>
        azure.diskFromSnapshot(newDiskId, snapshotId, oldDiskId, { 'managed-by': 'runwatch', alert: id }),
    },
    ...swap(before, before.newDiskId),
  ],
  says: ({ name, snapshotAt, oldDiskId }) =>
    `${name} runs from its snapshot of ${snapshotAt.slice(0, 16)}Z; the old disk ${plainLine(oldDiskId.split('/').at(-1), 80)} is kept.`,
  undo: {
    action: 'restore_old_disk',
    steps: (before) => swap(before, before.oldDiskId),
    says: ({ name }) => `${name} runs from its old disk again.`,
  },
});
