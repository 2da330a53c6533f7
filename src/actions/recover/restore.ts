import { z } from 'zod';
import type { AttachedDisk } from '../../azure/machines/disks';
import { summarize } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import { is, parseResourceId } from '../../domain/resources/resource-id';
import { plainLine } from '../../domain/text/plain-text';
import { shortDigest } from '../../domain/text/short-digest';
import { counted, phrase, t, timeText } from '../../domain/text/translate';
import { shortText } from '../input';
import { defineMeasureAction } from '../measures/measure-action';
import type { MeasureKind, Step } from '../measures/measure-kind';
import { machineSubjects } from '../measures/measure-record';
import { isVirtualMachine, lastPart, targetWords, theMachine } from '../targets';

interface Swapped {
  /** Logical unit number; null for the OS disk. */
  lun: number | null;
  oldDiskId: string;
  newDiskId: string;
  /** The snapshot, or the disk's restore point. */
  sourceId: string;
}

interface Restored {
  machineId: string;
  name: string;
  alertId: string;
  kind: 'snapshot' | 'restore point';
  at: string;
  disks: Swapped[];
}

const kindText = (kind: Restored['kind']) => (kind === 'snapshot' ? t`snapshot` : t`restore point`);

/** Stops the machine, swaps its disks and starts it. Each step is safe to repeat. */
const swap = ({ machineId, name }: Restored, disks: AttachedDisk[]): Step[] => [
  { words: t`stop ${name}`, run: ({ azure }) => azure.deallocate(machineId) },
  {
    words: t`attach ${disks.map(({ id }) => lastPart(id)).join(', ')}`,
    run: ({ azure }) => azure.swapDisks(machineId, disks),
  },
  { words: t`start ${name}`, run: ({ azure }) => azure.startMachine(machineId) },
];

/**
 * Creates new disks from the chosen snapshot or restore point. Default: the newest from before the
 * execution. The old disks are kept.
 */
const disks: MeasureKind<Restored> = {
  kind: 'disks',
  name: phrase('Restore the disk'),
  undoName: phrase('Back to the old disks'),
  needsUnlocked: true,
  renewable: true,
  subjects: machineSubjects,
  prepare: async (target, press, { azure }, alert) => {
    if (!alert) throw new Refusal(t`The time of the execution is unknown.`);
    const { startedAt } = summarize(alert);
    const { name } = target;
    const chosen = plainLine(press.input?.snapshot, 400);
    const all = String(press.input?.disks ?? '') === 'all';
    const plugged = await azure.attachedDisks(target.id);
    const states = await azure.restoreSources(target.id, plugged);
    const good = states.find(({ id, at }) =>
      chosen ? is(id, chosen) || is(lastPart(id), chosen) : at < startedAt,
    );
    if (!good)
      throw new Refusal(
        t`There is no ${chosen ? t`snapshot or restore point ${chosen}` : t`snapshot or restore point from before ${timeText(startedAt)}`} of ${name}. Available: ${states.map(({ id }) => lastPart(id)).join(', ') || t`none`}.`,
      );
    const swapped = plugged
      .filter(({ lun }) => lun === null || all)
      .map(({ lun, id }) => ({
        lun,
        oldDiskId: id,
        newDiskId: newDiskId(alert.id, id, shortDigest(id, good.id, press.pressId)),
        sourceId: good.from[id.toLowerCase()],
      }));
    const without = swapped.filter(({ sourceId }) => !sourceId).map(({ oldDiskId }) => lastPart(oldDiskId));
    if (without.length > 0)
      throw new Refusal(
        t`${lastPart(good.id)} does not include ${without.join(', ')}. Restore only the OS disk.`,
      );
    return {
      machineId: target.id,
      name,
      alertId: alert.id,
      kind: good.kind,
      at: good.at,
      disks: swapped as Swapped[],
    };
  },
  steps: (before) => [
    ...before.disks.map(
      ({ newDiskId, sourceId, oldDiskId }): Step => ({
        words: t`create ${lastPart(newDiskId)} from the ${kindText(before.kind)} of ${timeText(before.at)}`,
        run: ({ azure }) =>
          azure.diskFrom(newDiskId, sourceId, oldDiskId, {
            'managed-by': 'runwatch',
            alert: before.alertId,
          }),
      }),
    ),
    ...swap(
      before,
      before.disks.map(({ lun, newDiskId }) => ({ lun, id: newDiskId })),
    ),
  ],
  says: ({ name, at, kind, disks: swapped }) =>
    t`${name} now runs from the ${kindText(kind)} of ${timeText(at)}. Old disks kept: ${swapped.map(({ oldDiskId }) => lastPart(oldDiskId)).join(', ')}.`,
  undo: {
    steps: (before) =>
      swap(
        before,
        before.disks.map(({ lun, oldDiskId }) => ({ lun, id: oldDiskId })),
      ),
    says: ({ name, disks: swapped }) =>
      t`${name} runs on ${counted(swapped.length, 'its old disk', 'its old disks')} again.`,
  },
};

const starting = [
  'Microsoft.Compute/virtualMachines/write',
  'Microsoft.Compute/virtualMachines/deallocate/action',
  'Microsoft.Compute/virtualMachines/start/action',
] as const;

defineMeasureAction({
  id: 'restore',
  group: 'recover',
  label: phrase('Restore disk…'),
  order: 320,
  style: 'danger',
  fourEyes: true,
  confirm: {
    title: (view) => t`Restore ${targetWords(view)}?`,
    text: phrase(
      'Creates new disks from a snapshot or restore point, stops the machine, swaps the disks and starts it. Later changes stay on the old disks, which are kept. A second, different responder must approve it.',
    ),
    yes: phrase('Restore'),
  },
  fields: () => [
    {
      id: 'snapshot',
      label: t`Snapshot or restore point`,
      hint: t`Name or ID. If empty: the newest from before the execution`,
      value: '',
      kind: 'text',
      optional: true,
    },
    {
      id: 'disks',
      label: t`Disks`,
      value: 'system',
      kind: 'choice',
      choices: [
        { value: 'system', label: t`OS disk only` },
        { value: 'all', label: t`OS disk and data disks` },
      ],
      optional: true,
    },
  ],
  input: z.strictObject({ snapshot: shortText.optional(), disks: z.enum(['system', 'all']).optional() }),
  permissions: [
    'Microsoft.Compute/virtualMachines/read',
    'Microsoft.Compute/snapshots/read',
    'Microsoft.Compute/restorePointCollections/read',
    'Microsoft.Compute/restorePointCollections/restorePoints/read',
    'Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/read',
    'Microsoft.Compute/disks/read',
    'Microsoft.Compute/disks/write',
    ...starting,
  ],
  kind: disks,
  targets: theMachine,
  fits: isVirtualMachine,
  undo: {
    id: 'restore_old_disk',
    label: phrase('Back to the old disks…'),
    order: 321,
    sameRightAs: 'restore',
    confirm: {
      title: phrase('Swap the old disks back?'),
      text: phrase('Stops the machine, swaps the old disks back in and starts it. The new disks are kept.'),
      yes: phrase('Swap back'),
    },
    permissions: starting,
  },
});

/**
 * The name is derived from the press and the source: a retry finds the same disk, another restore creates
 * its own. Azure allows 80 characters.
 */
function newDiskId(alertId: string, oldDiskId: string, digest: string): string {
  const place = parseResourceId(oldDiskId);
  const name = `runwatch-${alertId}-${digest}-${place?.chain[0]?.name ?? 'disk'}`.slice(0, 80);
  return `/subscriptions/${place?.subscriptionId}/resourceGroups/${place?.resourceGroup}/providers/Microsoft.Compute/disks/${name}`;
}
