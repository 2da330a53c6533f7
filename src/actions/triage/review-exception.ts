import { Refusal } from '../../domain/alerts/transitions';
import { type Exception, lastDay } from '../../domain/exceptions/exception';
import { reviewNoticeId } from '../../domain/exceptions/exception-review';
import { is } from '../../domain/resources/resource-id';
import { plainLine } from '../../domain/text/plain-text';
import { dayText, phrase, t } from '../../domain/text/translate';
import type { ActionDeps, CheckedPress, FreeAction, PressJob } from '../action';
import { auditOf } from '../audit-of';
import { exceptionInput } from '../input';
import { defineAction } from '../registry';
import { approvalOf, checkException } from './add-exception';

const day = 86_400_000;
const extendedDays = 30;

const common = {
  about: 'exception',
  group: 'triage',
  right: 'responder',
  sameRightAs: 'add_exception',
  input: exceptionInput,
  permissions: [],
} as const;

/** The owner needs no right to let it expire or to remove it. Extending it requires the right. */
const byOwner: FreeAction['place'] = async (press, deps) => {
  const exception = await deps.store.exceptions.get(String(press.input?.exceptionId ?? ''));
  return { isOwner: press.by.email !== undefined && is(exception?.owner ?? '', press.by.email) };
};

defineAction<FreeAction>({
  ...common,
  id: 'extend_exception',
  name: phrase('Extend exception'),
  approval: async (press, deps) => {
    const longer = extended(await exceptionOf(press, deps), press, deps.maxExceptionDays);
    return approvalOf(longer, press, deps);
  },
  run: async (press, deps) => {
    const exception = await exceptionOf(press, deps);
    const longer = extended(exception, press, deps.maxExceptionDays);
    await checkException(longer, press, deps);
    const stored = await deps.store.exceptions.put(longer, [auditOfException(press, longer)], press.pressId);
    const until = stored === 'done' ? longer.expires : exception.expires;
    const text = t`${plainLine(press.by.name, 80)} extended ${exception.id} until ${dayText(lastDay(until))}.`;
    await deps.showNotice(reviewNoticeId(exception), text);
    return text;
  },
});

defineAction<FreeAction>({
  ...common,
  id: 'keep_exception',
  name: phrase('Let the exception expire'),
  place: byOwner,
  run: async (press, deps) => {
    const exception = await exceptionOf(press, deps);
    await deps.store.audit.append([auditOfException(press, exception)], press.pressId);
    const text = t`${plainLine(press.by.name, 80)} lets ${exception.id} expire on ${dayText(lastDay(exception.expires))}.`;
    await deps.showNotice(reviewNoticeId(exception), text);
    return text;
  },
});

defineAction<FreeAction>({
  ...common,
  id: 'remove_exception',
  name: phrase('Remove exception'),
  place: byOwner,
  run: async (press, deps) => {
    const exception = await exceptionOf(press, deps);
    await deps.store.exceptions.remove(exception.id, [auditOfException(press, exception)], press.pressId);
    const text = t`${plainLine(press.by.name, 80)} removed ${exception.id}. It no longer applies.`;
    await deps.showNotice(reviewNoticeId(exception), text);
    return text;
  },
});

async function exceptionOf(press: PressJob, { store }: ActionDeps): Promise<Exception> {
  const exception = await store.exceptions.get(String(press.input?.exceptionId ?? ''));
  if (!exception) throw new Refusal(t`That exception no longer exists.`);
  return exception;
}

const auditOfException = (press: CheckedPress, exception: Exception) => ({
  ...auditOf(press, null, 'done', null, {
    exception,
    ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
  }),
  object: exception.id,
});

/** Extends by 30 days, but never beyond the maximum duration counted from the press. */
const extended = (exception: Exception, { at }: PressJob, maxDays: number): Exception => ({
  ...exception,
  expires: new Date(
    Math.min(Date.parse(exception.expires) + extendedDays * day, Date.parse(at) + maxDays * day),
  ).toISOString(),
});
