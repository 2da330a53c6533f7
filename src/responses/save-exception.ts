import { type Exception, findException, lastDay } from '../alerts/exception';
import { matchFactsOf } from '../alerts/match-facts';
import type { Measures } from '../alerts/measures';
import { close } from '../alerts/transitions';
import { auditOf } from './audit-of';
import { withPress } from './change-state';
import type { PressJob, ResponseDeps } from './response';

/** Stores an exception, and closes its alert where it covers every execution; what it meets from now on is recorded, not posted. */
export async function saveException(
  exception: Exception,
  note: string,
  press: PressJob,
  { store, show }: ResponseDeps,
  measures: Partial<Measures> = {},
): Promise<void> {
  await store.exceptions.put(exception);
  await store.alerts.update(press.alertId, (alert) => {
    if (!alert || alert.pressesDone.includes(press.pressId)) return null;
    const covered =
      alert.state !== 'closed' &&
      alert.state !== 'contained' &&
      alert.executions.every((execution) =>
        findException([exception], execution, matchFactsOf(alert, execution)),
      );
    const text = `Exception ${exception.id} added by ${press.by.name}, until ${lastDay(exception.expires)}`;
    const next = covered
      ? close(alert, 'expected', {
          by: press.by,
          at: press.at,
          note: `exception ${exception.id}: ${note}`,
        })
      : { ...alert, activity: { action: press.action, text, at: press.at, failed: false } };
    return {
      alert: withPress({ ...next, measures: { ...next.measures, ...measures } }, press),
      audit: [{ ...auditOf(press, alert, 'done', exception.reason, { exception }), object: exception.id }],
    };
  });
  await show(press.alertId);
}
