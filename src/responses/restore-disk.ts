import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { is, parseResourceId } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import type { PluggedDisk } from '../azure/disks';
import { reversible, type Step } from './reversible';

interface Swapped {
  /** Its place; null is the system disk's. */
  lun: number | null;
  oldDiskId: string;
  newDiskId: string;
  /** The snapshot, or the disk's restore point. */
  sourceId: string;
}

interface Before {
  machineId: string;
  name: string;
  kind: 'snapshot' | 'restore point';
  at: string;
  disks: Swapped[];
}

/** Swaps a stopped machine's disks. Each step may be done again: a disk that is in already is put in again. */
const swap = ({ machineId, name }: Before, disks: PluggedDisk[]): Step<Before>[] => [
  { words: `stop ${name}`, run: (_, { azure }) => azure.deallocate(machineId) },
  {
    words: `put in ${disks.map(({ id }) => nameOf(id)).join(', ')}`,
    run: (_, { azure }) => azure.swapDisks(machineId, disks),
  },
  { words: `start ${name}`, run: (_, { azure }) => azure.startMachine(machineId) },
];

const nameOf = (id: string) => plainLine(id.split('/').at(-1), 80);
const minute = (at: string) => `${at.slice(0, 16)}Z`;

/**
 * Back to known good: new disks from the chosen snapshot or restore point, or the newest from before the execution; the old
 * ones are kept.
 */
export const [restoreDisk, restoreOldDisk] = reversible<Before>({
  action: 'restore',
  prepare: async (alert, press, { azure }) => {
    const { target, startedAt } = summarize(alert);
    const name = plainLine(target.name, 80);
    const chosen = plainLine(press.input?.snapshot, 400);
    const all = String(press.input?.disks ?? '') === 'all';
    const plugged = await azure.pluggedDisks(target.id);
    const states = await azure.goodStates(target.id, plugged);
    const good = states.find(({ id, at }) =>
      chosen ? is(id, chosen) || is(nameOf(id), chosen) : at < startedAt,
    );
    if (!good)
      throw new Refusal(
        `There is no ${chosen ? `snapshot or restore point ${chosen}` : `snapshot or restore point from before ${minute(startedAt)}`} of ${name}. There are: ${states.map(({ id }) => nameOf(id)).join(', ') || 'none'}.`,
      );
    const disks = plugged
      .filter(({ lun }) => lun === null || all)
      .map(({ lun, id }) => ({
        lun,
        oldDiskId: id,
        newDiskId: newDiskId(alert.id, id),
        sourceId: good.from[id.toLowerCase()],
      }));
    const without = disks.filter(({ sourceId }) => !sourceId).map(({ oldDiskId }) => nameOf(oldDiskId));
    if (without.length > 0)
      throw new Refusal(
        `${nameOf(good.id)} does not hold ${without.join(', ')}: restore the system disk alone.`,
      );
    return { machineId: target.id, name, kind: good.kind, at: good.at, disks: disks as Swapped[] };
  },
  steps: (before) => [
    ...before.disks.map(
      ({ newDiskId, sourceId, oldDiskId }): Step<Before> => ({
        words: `make ${nameOf(newDiskId)} from the ${before.kind} of ${minute(before.at)}`,
        run: (_, { azure }, { id }) =>
          azure.diskFrom(newDiskId, sourceId, oldDiskId, { 'managed-by': 'runwatch', alert: id }),
      }),
    ),
    ...swap(
      before,
      before.disks.map(({ lun, newDiskId }) => ({ lun, id: newDiskId })),
    ),
  ],
  says: ({ name, at, kind, disks }) =>
    `${name} runs from its ${kind} of ${minute(at)}; kept: ${disks.map(({ oldDiskId }) => nameOf(oldDiskId)).join(', ')}.`,
  undo: {
    action: 'restore_old_disk',
    steps: (before) =>
      swap(
        before,
        before.disks.map(({ lun, oldDiskId }) => ({ lun, id: oldDiskId })),
      ),
    says: ({ name, disks }) => `${name} runs from its old ${disks.length > 1 ? 'disks' : 'disk'} again.`,
  },
});

/** Named for alert and disk, so that making it again finds it. Azure takes 80 characters. */
function newDiskId(alertId: string, oldDiskId: string): string {
  const place = parseResourceId(oldDiskId);
  const name = `runwatch-${alertId}-${place?.chain[0]?.name ?? 'disk'}`.slice(0, 80);
  return `/subscriptions/${place?.subscriptionId}/resourceGroups/${place?.resourceGroup}/providers/Microsoft.Compute/disks/${name}`;
}
