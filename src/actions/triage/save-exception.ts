import { type Alert, summarize } from '../../domain/alerts/alert';
import { close } from '../../domain/alerts/transitions';
import type { Triage } from '../../domain/alerts/triage';
import { type Exception, findException, lastDay } from '../../domain/exceptions/exception';
import { type ExceptionOrigin, originOf } from '../../domain/exceptions/exception-origin';
import { matchFactsOf } from '../../domain/exceptions/match-facts';
import { dayText, t } from '../../domain/text/translate';
import type { ActionDeps, CheckedPress } from '../action';
import { auditOf } from '../audit-of';
import { withPress } from '../record';

/**
 * Stores an exception once per press. Closes the alert if the exception covers every execution. Later
 * matches are recorded, not posted. The exception keeps the alert that it comes from, if that is closed.
 */
export async function saveException(
  given: Exception,
  note: string,
  press: CheckedPress,
  { store, show }: ActionDeps,
  triage: Partial<Triage> = {},
): Promise<void> {
  const approved = press.approvedBy ? { approvedBy: press.approvedBy } : {};
  const known = await store.alerts.get(press.alertId);
  const from = known && (originOf(known) ?? (covers(given, known) ? closedNow(known) : null));
  const exception: Exception = from ? { ...given, from } : given;
  const audit = {
    ...auditOf(press, known, 'done', exception.reason, {
      exception,
      ...approved,
    }),
    object: exception.id,
  };
  await store.exceptions.put(exception, [audit], press.pressId);
  await store.alerts.update(press.alertId, (alert) => {
    if (!alert || alert.pressesDone.includes(press.pressId)) return null;
    const text = t`Exception ${exception.id} added by ${press.by.name}, until ${dayText(lastDay(exception.expires))}`;
    const done = withPress(alert, press);
    const next = covers(exception, alert)
      ? close(done, 'expected', {
          by: press.by,
          at: press.at,
          note: t`exception ${exception.id}: ${note}`,
        })
      : { ...done, activity: { action: press.action, text, at: press.at, failed: false } };
    return { alert: { ...next, triage: { ...next.triage, ...triage } } };
  });
  if (press.alertId) await show(press.alertId);
}

/** Whether saving the exception closes the alert. */
const covers = (exception: Exception, alert: Alert): boolean =>
  alert.state !== 'closed' &&
  alert.state !== 'contained' &&
  summarize(alert).about.every((execution) =>
    findException([exception], execution, matchFactsOf(alert, execution)),
  );

const closedNow = ({ id }: Alert): ExceptionOrigin => ({ alertId: id, closedAs: 'expected' });
