import type { Alert } from '../domain/alerts/alert';
import type { Triage } from '../domain/alerts/triage';
import type { Presser } from '../domain/people/person';
import type { ActionDeps, PressJob } from './action';
import { auditOf } from './audit-of';

/**
 * Changes an alert's state and writes its audit entry in one update. A press that is already stored changes
 * nothing.
 */
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

/** Stores an action's result and its audit entry in one update, and shows it. */
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

const maxPressIds = 20;

/** Stores a press's id, so that its job may run twice. Clears only the activity text of the same action. */
export const withPress = (alert: Alert, { pressId, action }: PressJob): Alert => ({
  ...alert,
  activity: alert.activity?.action === action ? null : alert.activity,
  pressesDone: [...alert.pressesDone.filter((id) => id !== pressId), pressId].slice(-maxPressIds),
});
