import { summarize } from '../alerts/alert';
import { declarationOf } from '../alerts/declarations';
import type { Snapshot } from '../alerts/measures';
import { parseResourceId } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { Response } from './response';

/** An incremental snapshot of every disk, tagged and locked against deletion, before anything destructive. */
export const snapshot: Response = {
  action: 'snapshot',
  title: 'Snapshot',
  needs: 'responder',
  permissions: declarationOf('snapshot').permissions,
  run: async (alert, press, deps) => {
    const { target } = summarize(alert);
    if (alert.measures.snapshots?.every((s) => s.done) && alert.measures.snapshots.length > 0)
      throw new Refusal('Every disk has its snapshot already.');
    const machine = await deps.azure.readMachine(target.id);
    const planned = alert.measures.snapshots?.length
      ? alert.measures.snapshots
      : (await deps.azure.pluggedDisks(target.id)).map((disk) => planOf(disk.id, alert.id));
    await measure(press, deps, () => ({ snapshots: planned }), 'started');
    for (const each of planned) {
      if (each.done) continue;
      await deps.azure.snapshot(each, machine.location, { 'managed-by': 'runwatch', alert: alert.id });
      await deps.azure.lock(
        each.snapshotId,
        `runwatch-${alert.id}`,
        'CanNotDelete',
        `Evidence of ${alert.id}`,
      );
    }
    await measure(press, deps, () => ({ snapshots: planned.map((each) => ({ ...each, done: true })) }));
    return null;
  },
};

/** Named for alert and disk, so that doing it again finds what was done. Azure takes 80 characters. */
function planOf(diskId: string, alertId: string): Snapshot {
  const id = parseResourceId(diskId);
  const name = `runwatch-${alertId}-${id?.chain[0]?.name ?? 'disk'}`.slice(0, 80);
  return {
    diskId,
    snapshotId: `/subscriptions/${id?.subscriptionId}/resourceGroups/${id?.resourceGroup}/providers/Microsoft.Compute/snapshots/${name}`,
    done: false,
  };
}
