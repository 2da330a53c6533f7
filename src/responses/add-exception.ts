import { backtest, backtestDays, backtestText } from '../alerts/backtest';
import { tooBroad } from '../alerts/breadth';
import { shortDigest } from '../alerts/digest';
import { type Exception, lastDay } from '../alerts/exception';
import { exceptionSchema, toMoment } from '../alerts/exceptions-file';
import { matchFactsOf } from '../alerts/match-facts';
import { matchWords } from '../alerts/match-words';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { PressJob, Response, ResponseDeps } from './response';
import { saveException } from './save-exception';

const day = 86_400_000;

/** Stores an exception from a form; one too broad for one person waits for a second. */
export const addException: Response = {
  action: 'add_exception',
  title: 'Add exception',
  needs: 'responder',
  permissions: [],
  run: async (alert, press, deps) => {
    const exception = read(press, deps);
    const why = tooBroad(exception.match, alert);
    if (why) {
      await measure(press, deps, () => ({
        pendingException: { exception, why, by: press.by, at: press.at },
      }));
      return `Not saved yet: ${why}, so a second, different responder must confirm it on the alert within 24 hours.`;
    }
    await saveException(exception, exception.reason, press, deps);
    return savedText(exception, press, deps);
  },
};

/** The second pair of eyes on an exception that is too broad for one. */
export const confirmException: Response = {
  action: 'confirm_exception',
  title: 'Confirm exception',
  needs: 'responder',
  permissions: [],
  run: async (alert, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const pending = alert.measures.pendingException;
    if (!pending || Date.parse(press.at) - Date.parse(pending.at) > day)
      throw new Refusal('No exception waits for a second responder here.');
    if (pending.by.id === press.by.id)
      throw new Refusal('You asked for it; a second, different responder must confirm it.');
    const { exception } = pending;
    await saveException(exception, exception.reason, press, deps, { pendingException: null });
    return savedText(exception, press, deps);
  },
};

function read(press: PressJob, { maxExceptionDays }: ResponseDeps): Exception {
  const parsed = exceptionSchema.safeParse(press.input ?? {});
  if (!parsed.success)
    throw new Refusal(`The exception is not complete: ${parsed.error.issues[0]?.message ?? 'unreadable'}.`);
  const expires = toMoment(parsed.data.expires) ?? parsed.data.expires;
  const left = Date.parse(expires) - Date.parse(press.at);
  if (left <= 0) throw new Refusal(`It would have ended on ${lastDay(expires)} already.`);
  if (left > (maxExceptionDays + 1) * day)
    throw new Refusal(`An exception may last ${maxExceptionDays} days at most; choose an earlier end.`);
  return {
    ...parsed.data,
    id: `ex-${shortDigest(press.pressId).toLowerCase()}`,
    expires,
    createdBy: press.by.email ?? press.by.name,
    createdAt: press.at,
  };
}

async function savedText(exception: Exception, press: PressJob, { store }: ResponseDeps): Promise<string> {
  const recent = await store.alerts.list({
    limit: 5000,
    after: Date.parse(press.at) - backtestDays * day,
  });
  const tested = backtestText(backtest(exception, recent, matchFactsOf));
  return `Exception ${exception.id} is saved until ${lastDay(exception.expires)}: ${matchWords(exception.match)}. ${tested}`;
}
