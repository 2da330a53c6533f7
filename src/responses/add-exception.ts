import { backtest, backtestDays, backtestText } from '../alerts/backtest';
import { shortDigest } from '../alerts/digest';
import { type Exception, lastDay } from '../alerts/exception';
import { assessException } from '../alerts/exception-policy';
import { exceptionSchema, toMoment } from '../alerts/exceptions-file';
import { matchFactsOf } from '../alerts/match-facts';
import { matchWords } from '../alerts/match-words';
import { Refusal } from '../alerts/transitions';
import { areTwoPeople } from '../alerts/two-people';
import { measure } from './measure';
import type { PressJob, Response, ResponseDeps } from './response';
import { saveException } from './save-exception';

const day = 86_400_000;

/**
 * Why a second responder must approve it; undefined when one is enough.
 * @throws {Refusal} when nobody may save it
 */
async function assess(
  exception: Exception,
  press: PressJob,
  deps: ResponseDeps,
): Promise<string | undefined> {
  const { refused, needsApproval } = assessException(exception, {
    now: Date.parse(press.at),
    maxDays: deps.maxExceptionDays,
    alerts: await recentAlerts(deps),
    by: press.by,
  });
  refuseElsewhere(exception.match, press);
  if (refused) throw new Refusal(`${refused}.`);
  return needsApproval;
}

/** Stores an exception from a form; one too broad for one person waits for a second. */
export const addException: Response = {
  action: 'add_exception',
  title: 'Add exception',
  needs: 'responder',
  permissions: [],
  run: async (_, press, deps) => {
    const exception = read(press);
    const why = await assess(exception, press, deps);
    if (why) {
      const asked = { exception, why, by: press.by, at: press.at };
      await measure(press, deps, () => ({ pendingException: asked }), 'asked');
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
    if (!areTwoPeople(pending.by, press.by))
      throw new Refusal(
        `${pending.by.name} asked for it; a second, different responder must confirm it, in the same chat.`,
      );
    const { exception } = pending;
    await assess(exception, press, deps);
    await saveException(exception, exception.reason, press, deps, { pendingException: null });
    return savedText(exception, press, deps);
  },
};

function read(press: PressJob): Exception {
  const parsed = exceptionSchema.safeParse(press.input ?? {});
  if (!parsed.success)
    throw new Refusal(`The exception is not complete: ${parsed.error.issues[0]?.message ?? 'unreadable'}.`);
  return {
    ...parsed.data,
    id: `ex-${shortDigest(press.pressId).toLowerCase()}`,
    expires: toMoment(parsed.data.expires) ?? parsed.data.expires,
    createdBy: press.by.email ?? press.by.name,
    createdAt: press.at,
  };
}

/** Those that tell what a caller may do. */
export const recentAlerts = ({ store }: Pick<ResponseDeps, 'store'>) => store.alerts.list({ limit: 5000 });

/** Whose right holds for some subscriptions only silences nothing elsewhere. */
export function refuseElsewhere(match: Exception['match'], { allowedIn }: Pick<PressJob, 'allowedIn'>): void {
  if (!allowedIn) return;
  const named = [match.subscription ?? []].flat();
  const inside = named.length > 0 && named.every((one) => allowedIn.includes(one.toLowerCase()));
  if (!inside)
    throw new Refusal(
      `You may add exceptions for some subscriptions only. Set Subscription to ${allowedIn.slice(0, 5).join(', ')}.`,
    );
}

async function savedText(exception: Exception, press: PressJob, { store }: ResponseDeps): Promise<string> {
  const recent = await store.alerts.list({
    limit: 5000,
    after: Date.parse(press.at) - backtestDays * day,
  });
  const tested = backtestText(backtest(exception, recent, matchFactsOf));
  return `Exception ${exception.id} is saved until ${lastDay(exception.expires)}: ${matchWords(exception.match)}. ${tested}`;
}
