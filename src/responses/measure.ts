import type { Alert } from '../alerts/alert';
import type { Measures } from '../alerts/measures';
import type { AuditDraft } from '../store/audit';
import { auditOf } from './audit-of';
import { withPress } from './change-state';
import type { PressJob, ResponseDeps } from './response';

/**
 * Writes down what a response did, or is about to do, with its audit entry in the same step, and shows it. A step
 * called "started" may be followed by another of the same press; "done" ends the press, and so does "asked", which waits
 * for a second person.
 */
export async function measure(
  press: PressJob,
  { store, show }: ResponseDeps,
  change: (alert: Alert) => Partial<Measures>,
  result: Extract<AuditDraft['result'], 'started' | 'done' | 'asked'> = 'done',
): Promise<Alert | null> {
  const stored = await store.alerts.update(press.alertId, (alert) => {
    if (!alert || alert.pressesDone.includes(press.pressId)) return null;
    const changed = change(alert);
    const next: Alert = { ...alert, measures: { ...alert.measures, ...changed }, activity: null };
    return {
      alert: result === 'started' ? next : withPress(next, press),
      audit: [auditOf(press, alert, result, null, { ...changed })],
    };
  });
  await show(press.alertId);
  return stored;
}
