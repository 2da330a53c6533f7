import type { Alert, Presser } from '../alerts/alert';
import { auditOf } from './audit-of';
import type { PressJob, ResponseDeps } from './response';

/** Moves an alert's state and audits it in the same step; a press that was stored already changes nothing again. */
export async function changeState(
  press: PressJob,
  { store, show }: ResponseDeps,
  move: (alert: Alert, by: { by: Presser; at: string; note?: string }) => Alert,
): Promise<null> {
  const note = typeof press.input?.note === 'string' ? press.input.note : undefined;
  await store.alerts.update(press.alertId, (alert) => {
    if (!alert || alert.pressesDone.includes(press.pressId)) return null;
    const moved = move(alert, { by: press.by, at: press.at, ...(note ? { note } : {}) });
    return { alert: withPress(moved, press), audit: [auditOf(press, alert, 'done')] };
  });
  await show(press.alertId);
  return null;
}

const remembered = 20;

/** Remembers a press by its id, so that its job may run twice. */
export const withPress = (alert: Alert, { pressId }: PressJob): Alert => ({
  ...alert,
  pressesDone: [...alert.pressesDone.filter((id) => id !== pressId), pressId].slice(-remembered),
});
