import type { z } from 'zod';
import { Refusal } from '../../domain/alerts/transitions';
import { backtest, backtestDays, backtestLimit, backtestText } from '../../domain/exceptions/backtest';
import { privilegedAlertOf } from '../../domain/exceptions/breadth';
import { type Exception, lastDay } from '../../domain/exceptions/exception';
import { assessException } from '../../domain/exceptions/exception-policy';
import { exceptionSchema, toMoment } from '../../domain/exceptions/exceptions-file';
import { matchFactsOf } from '../../domain/exceptions/match-facts';
import { matchWords } from '../../domain/exceptions/match-words';
import { exceptionApprovalTimeoutMs } from '../../domain/measures/approval';
import { plainLine } from '../../domain/text/plain-text';
import { shortDigest } from '../../domain/text/short-digest';
import { dayText, phrase, t } from '../../domain/text/translate';
import type { ActionDeps, AlertAction, CheckedPress, FreeAction } from '../action';
import { auditOf } from '../audit-of';
import { defineAction } from '../registry';
import { exceptionForm, readExceptionForm } from './exception-form';
import { saveException } from './save-exception';

const day = 86_400_000;

/** What a form gives of an exception. */
export const exceptionInputSchema = exceptionSchema.omit({
  id: true,
  createdBy: true,
  createdAt: true,
  from: true,
});

/** Stores an exception from a form. One that is too broad needs a second person's approval. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'add_exception',
  group: 'triage',
  name: phrase('Add exception'),
  label: phrase('Add exception…'),
  summary: phrase(
    'Opens a form prefilled from the alert. Matching alerts are recorded and counted, not posted. Critical alerts are covered only if you select that. An exception that is too broad needs a second person’s approval.',
  ),
  order: 60,
  often: true,
  right: 'responder',
  confirm: {
    title: phrase('Add exception'),
    text: phrase('All conditions must match.'),
    yes: phrase('Save'),
  },
  fields: ({ alert }, presser, now) =>
    exceptionForm(alert, presser ?? { surface: 'runwatch', id: '', name: '' }, now),
  readForm: readExceptionForm,
  input: exceptionInputSchema,
  permissions: [],
  whenClosed: true,
  offered: ({ alert }) =>
    alert.state !== 'closed' || (alert.closedAs !== 'true positive' && !alert.triage.quickException),
  approval: async (press, deps) => approvalOf(readException(press), press, deps),
  run: async (_, press, deps) => {
    const exception = readException(press);
    await checkException(exception, press, deps);
    await saveException(exception, exception.reason, press, deps);
    return savedText(exception, press, deps);
  },
});

/** Stores an exception that a command requested and two people approved. */
defineAction<FreeAction>({
  about: 'exception',
  id: 'put_exception',
  group: 'triage',
  name: phrase('Add exception'),
  right: 'responder',
  sameRightAs: 'add_exception',
  onlyApproved: true,
  approval: (press, deps) => approvalOf(press.input as unknown as Exception, press, deps),
  input: exceptionSchema as unknown as z.ZodType<Record<string, unknown>>,
  permissions: [],
  run: async (press, deps) => {
    const exception = press.input as unknown as Exception;
    await checkException(exception, press, deps);
    const audit = auditOf(press, null, 'done', exception.reason, { exception, approvedBy: press.approvedBy });
    await deps.store.exceptions.put(exception, [{ ...audit, object: exception.id }], press.pressId);
    return t`Exception ${exception.id} is in force until ${dayText(lastDay(exception.expires))}.`;
  },
});

/** Why it needs approval, and what to approve; null if one person may save it. */
export async function approvalOf(exception: Exception, press: CheckedPress, deps: ActionDeps) {
  const { refused, needsApproval } = await assess(exception, press, deps);
  if (refused) throw new Refusal(`${refused}.`);
  checkSubscriptions(exception.match, press);
  if (!needsApproval) return null;
  return { why: needsApproval, what: exceptionWords(exception), timeoutMs: exceptionApprovalTimeoutMs };
}

/** The exception as text for the approver. */
export const exceptionWords = (exception: Exception): string =>
  t`an exception that matches ${matchWords(exception.match)}, until ${dayText(lastDay(exception.expires))}; reason: ${plainLine(exception.reason, 300)}`;

/** @throws {Refusal} when it is invalid, not allowed, or still needs approval */
export async function checkException(
  exception: Exception,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<void> {
  const { refused, needsApproval } = await assess(exception, press, deps);
  if (refused) throw new Refusal(`${refused}.`);
  checkSubscriptions(exception.match, press);
  if (needsApproval && !press.approvedBy)
    throw new Refusal(t`This needs a second person's approval: ${needsApproval}.`);
}

export const assess = async (exception: Exception, press: CheckedPress, deps: ActionDeps) =>
  assessException(exception, {
    now: Date.parse(press.at),
    maxDays: deps.maxExceptionDays,
    alerts: await privilegedAlertOf(exception.match, deps.store.alerts.since(0)),
    by: press.by,
  });

/** The id of the exception that a press adds. */
export const exceptionIdOf = (pressId: string): string => `ex-${shortDigest(pressId).toLowerCase()}`;

/** The exception that a form's press asks for. */
export function readException(press: CheckedPress): Exception {
  const parsed = exceptionSchema.safeParse(press.input ?? {});
  if (!parsed.success)
    throw new Refusal(t`The exception is incomplete: ${parsed.error.issues[0]?.message ?? t`unreadable`}.`);
  return {
    ...parsed.data,
    id: exceptionIdOf(press.pressId),
    expires: toMoment(parsed.data.expires) ?? parsed.data.expires,
    createdBy: press.by.email ?? press.by.name,
    createdAt: press.at,
  };
}

/** Refuses exceptions outside the subscriptions that the presser's right is limited to. */
export function checkSubscriptions(
  match: Exception['match'],
  { allowedIn }: Pick<CheckedPress, 'allowedIn'>,
): void {
  if (!allowedIn) return;
  const named = [match.subscription ?? []].flat();
  const inside = named.length > 0 && named.every((one) => allowedIn.includes(one.toLowerCase()));
  if (!inside)
    throw new Refusal(
      t`You may add exceptions for some subscriptions only. Set Subscription to ${allowedIn.slice(0, 5).join(', ')}.`,
    );
}

/** What is in force now, and what it would have suppressed. */
export async function savedText(
  exception: Exception,
  press: CheckedPress,
  { store }: ActionDeps,
): Promise<string> {
  const recent = await store.alerts.list({
    limit: backtestLimit,
    after: Date.parse(press.at) - backtestDays * day,
  });
  const tested = backtestText(backtest(exception, recent, matchFactsOf));
  return t`Exception ${exception.id} is saved until ${dayText(lastDay(exception.expires))}: ${matchWords(exception.match)}. ${tested}`;
}
