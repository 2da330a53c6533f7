import { Refusal } from '../alerts/transitions';
import { withPress } from './change-state';
import { isolate } from './isolate';
import { lock } from './lock';
import { deallocate, restart } from './power';
import { detachIp } from './public-ip';
import type { PressJob, Response } from './response';

/** In this order: what needs the machine open comes before what locks it. */
const extras: readonly (Response | undefined)[] = [detachIp, restart, deallocate, lock];

/** Isolation with more: each part is an action of its own, with its own audit entries and its own undo. */
export const isolateWith: Response = {
  action: 'isolate_with',
  title: 'Isolate with more',
  needs: 'responder',
  permissions: [...isolate.permissions, ...extras.flatMap((extra) => extra?.permissions ?? [])],
  run: async (_, press, deps) => {
    const chosen = String(press.input?.also ?? '').split(',');
    const skipped: string[] = [];
    for (const part of [isolate, ...extras]) {
      if (!part || (part !== isolate && !chosen.includes(part.action))) continue;
      const alert = await deps.store.alerts.get(press.alertId);
      if (!alert) return null;
      const own: PressJob = { ...press, action: part.action, pressId: `${press.pressId}.${part.action}` };
      if (alert.pressesDone.includes(own.pressId)) continue;
      try {
        await part.run(alert, own, deps);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        skipped.push(`${part.title}: ${error.message}`);
      }
    }
    await deps.store.alerts.update(press.alertId, (current) =>
      current && !current.pressesDone.includes(press.pressId) ? { alert: withPress(current, press) } : null,
    );
    return skipped.length > 0 ? skipped.join('\n') : null;
  },
};
