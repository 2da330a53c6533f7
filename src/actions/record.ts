import type { Alert } from '../domain/alerts/alert';
import type { Triage } from '../domain/alerts/triage';
import type { Presser } from '../domain/people/person';
import type { ActionDeps, PressJob } from './action';
import { auditOf } from './audit-of';

/** Moves an alert's state and audits it in the same step; a press that was stored already changes nothing again. */
export async function changeState(
  press: PressJob,
  { store, show }: ActionDeps,
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

/** Writes down what an action did, with its audit entry in the same step, and shows it. */
export async function record(
  press: PressJob,
  { store, show }: ActionDeps,
  change: (alert: Alert) => Partial<Triage>,
): Promise<Alert | null> {
  const stored = await store.alerts.update(press.alertId, (alert) => {
    if (!alert || alert.pressesDone.includes(press.pressId)) return null;
    const changed = change(alert);
    const next: Alert = { ...alert, triage: { ...alert.triage, ...changed } };
    return { alert: withPress(next, press), audit: [auditOf(press, alert, 'done', null, { ...changed })] };
  });
  await show(press.alertId);
  return stored;
}

const remembered = 20;

/** Keeps a press's id, so that its job may run twice. What it did replaces what the same action said before, and nothing else. */
export const withPress = (alert: Alert, { pressId, action }: PressJob): Alert => ({
  ...alert,
  activity: alert.activity?.action === action ? null : alert.activity,
  pressesDone: [...alert.pressesDone.filter((id) => id !== pressId), pressId].slice(-remembered),
});
