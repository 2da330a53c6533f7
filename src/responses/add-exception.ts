import { backtest, backtestDays, backtestText } from '../alerts/backtest';
import { shortDigest } from '../alerts/digest';
import { type Exception, findException } from '../alerts/exception';
import { exceptionSchema, toMoment } from '../alerts/exceptions-file';
import { matchFactsOf } from '../alerts/match-facts';
import { close, Refusal } from '../alerts/transitions';
import { auditOf } from './audit-of';
import { withPress } from './change-state';
import type { Response } from './response';

/** Stores an exception from a form. Future executions that it covers are recorded but not shown. */
export const addException: Response = {
  action: 'add_exception',
  title: 'Add exception',
  needs: 'responder',
  permissions: [],
  run: async (_, press, { store, show }) => {
    const parsed = exceptionSchema.safeParse(press.input ?? {});
    if (!parsed.success)
      throw new Refusal(`The exception is not complete: ${parsed.error.issues[0]?.message ?? 'unreadable'}.`);
    const exception: Exception = {
      ...parsed.data,
      id: `ex-${shortDigest(press.pressId).toLowerCase()}`,
      expires: toMoment(parsed.data.expires) ?? parsed.data.expires,
      createdBy: press.by.email ?? press.by.name,
      createdAt: press.at,
    };
    await store.exceptions.put(exception);
    await store.alerts.update(press.alertId, (alert) => {
      if (!alert || alert.pressesDone.includes(press.pressId)) return null;
      const covered =
        alert.state !== 'closed' &&
        alert.state !== 'contained' &&
        alert.executions.every((e) => findException([exception], e));
      const note = `exception ${exception.id}: ${exception.reason}`;
      const text = `Exception ${exception.id} added by ${press.by.name}, until ${exception.expires.slice(0, 10)}`;
      const next = covered
        ? close(alert, 'expected', { by: press.by, at: press.at, note })
        : { ...alert, activity: { action: press.action, text, at: press.at, failed: false } };
      return {
        alert: withPress(next, press),
        audit: [{ ...auditOf(press, alert, 'done', exception.reason, { exception }), object: exception.id }],
      };
    });
    await show(press.alertId);
    const recent = await store.alerts.list({
      limit: 5000,
      after: Date.parse(press.at) - backtestDays * 86_400_000,
    });
    const tested = backtestText(backtest(exception.match, recent, matchFactsOf));
    return `Exception ${exception.id} is saved until ${exception.expires.slice(0, 10)}. ${tested}`;
  },
};
