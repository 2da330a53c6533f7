import { parseResourceId } from '../../domain/resources/resource-id';
import { shortDigest } from '../../domain/text/short-digest';
import { counted, phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';
import type { MeasureKind, Step } from '../measures/measure-kind';
import { machineSubjects } from '../measures/measure-record';
import { isOneMachine, lastPart, theMachine } from '../targets';

interface Snapshots {
  alertId: string;
  location: string;
  disks: { diskId: string; snapshotId: string }[];
}

/**
 * Takes an incremental snapshot of every disk, tagged and locked against deletion, before destructive
 * actions.
 */
const snapshots: MeasureKind<Snapshots> = {
  kind: 'snapshot',
  name: phrase('Snapshot'),
  subjects: machineSubjects,
  prepare: async (target, press, { azure }) => {
    const machine = await azure.readMachine(target.id);
    const disks = await azure.attachedDisks(target.id);
    return {
      alertId: press.alertId,
      location: machine.location,
      disks: disks.map(({ id }) => ({ diskId: id, snapshotId: snapshotIdFor(id, press.alertId) })),
    };
  },
  steps: ({ alertId, location, disks }) =>
    disks.flatMap(({ diskId, snapshotId }): Step[] => [
      {
        words: t`take ${lastPart(snapshotId)} of ${lastPart(diskId)}`,
        run: ({ azure }) =>
          azure.snapshot({ diskId, snapshotId }, location, { 'managed-by': 'runwatch', alert: alertId }),
      },
      {
        words: t`lock ${lastPart(snapshotId)} against deletion`,
        run: ({ azure }) =>
          azure.lock(snapshotId, `runwatch-${alertId}`, 'CanNotDelete', `Evidence of ${alertId}`),
      },
    ]),
  says: ({ disks }) =>
    t`Snapshots of ${counted(disks.length, 'its disk', 'its # disks')} are kept, locked against deletion.`,
  passes: true,
};

defineMeasureAction({
  id: 'snapshot',
  group: 'preserve',
  label: phrase('Snapshot disks…'),
  order: 190,
  often: true,
  confirm: {
    text: phrase(
      'Takes an incremental snapshot of every disk, tagged and locked against deletion. It doesn’t capture memory.',
    ),
    yes: phrase('Snapshot'),
  },
  permissions: [
    'Microsoft.Compute/virtualMachines/read',
    'Microsoft.Compute/disks/read',
    'Microsoft.Compute/disks/beginGetAccess/action',
    'Microsoft.Compute/snapshots/read',
    'Microsoft.Compute/snapshots/write',
    'Microsoft.Authorization/locks/write',
  ],
  kind: snapshots,
  targets: theMachine,
  fits: (view) =>
    isOneMachine(view) &&
    !view.measures.some(
      (one) => one.kind === 'snapshot' && one.state === 'done' && one.alerts.at(-1) === view.alert.id,
    ),
});

/**
 * The name is derived from alert and disk, so that a retry finds the existing snapshot. Azure allows 80
 * characters.
 */
function snapshotIdFor(diskId: string, alertId: string): string {
  const id = parseResourceId(diskId);
  const name = `runwatch-${alertId}-${shortDigest(diskId)}-${id?.chain[0]?.name ?? 'disk'}`.slice(0, 80);
  return `/subscriptions/${id?.subscriptionId}/resourceGroups/${id?.resourceGroup}/providers/Microsoft.Compute/snapshots/${name}`;
}
