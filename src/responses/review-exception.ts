import { type Exception, lastDay } from '../alerts/exception';
import { assessException } from '../alerts/exception-policy';
import { plainLine } from '../alerts/plain-text';
import { reviewNoticeId } from '../alerts/review';
import { Refusal } from '../alerts/transitions';
import type { ActionId } from '../config';
import { recentAlerts, refuseElsewhere } from './add-exception';
import { auditOf } from './audit-of';
import { askForApproval } from './decide-exception';
import type { PressJob, ResponseDeps } from './response';
import { wantsFourEyes } from './rights';

const day = 86_400_000;
export const extendedDays = 30;

export const reviewActions = ['extend_exception', 'keep_exception', 'remove_exception'] as const;
export type ReviewAction = (typeof reviewActions)[number];
export const isReview = (action: ActionId): action is ReviewAction =>
  (reviewActions as readonly ActionId[]).includes(action);

/** What a review's button does to its exception; answers what to tell, on the review's message and to the presser. */
export async function reviewException(
  press: PressJob & { action: ReviewAction },
  deps: ResponseDeps,
): Promise<string> {
  const { store, maxExceptionDays, showNotice } = deps;
  const exception = await store.exceptions.get(String(press.input?.exceptionId ?? ''));
  if (!exception) throw new Refusal('That exception is no longer kept.');
  const noticeId = reviewNoticeId(exception);
  if (press.action === 'extend_exception') {
    const longer = { ...exception, expires: extended(exception, press, maxExceptionDays) };
    const alerts = await recentAlerts(deps);
    refuseElsewhere(exception.match, press);
    const rule = { now: Date.parse(press.at), maxDays: maxExceptionDays, alerts, by: press.by };
    const { refused, needsApproval: why } = assessException(longer, rule);
    if (refused) throw new Refusal(`${refused}.`);
    if (why || wantsFourEyes({ action: 'add_exception' }, deps.config.policy)) {
      await askForApproval(
        {
          exception: longer,
          why: why ?? 'exceptions want two people here',
          by: press.by,
          at: press.at,
          approvals: [],
        },
        deps,
      );
      return `Not extended yet: ${why ?? 'exceptions want two people here'}, so a second, different responder must approve it within 24 hours.`;
    }
    await store.exceptions.put(longer);
  }
  const text = outcome(exception, press, maxExceptionDays);
  if (press.action === 'remove_exception') await store.exceptions.remove(exception.id);
  await store.audit.append(
    [{ ...auditOf(press, null, 'done', null, { exception }), object: exception.id }],
    press.pressId,
  );
  await showNotice(noticeId, text);
  return text;
}

/** Thirty days after its present end, never further from now than an exception may last. */
const extended = ({ expires }: Exception, { at }: PressJob, maxDays: number): string =>
  new Date(Math.min(Date.parse(expires) + extendedDays * day, Date.parse(at) + maxDays * day)).toISOString();

function outcome(exception: Exception, press: PressJob, maxDays: number): string {
  const who = plainLine(press.by.name, 80);
  if (press.action === 'extend_exception')
    return `${who} extended ${exception.id} until ${lastDay(extended(exception, press, maxDays))}.`;
  if (press.action === 'remove_exception') return `${who} removed ${exception.id}: it matches no more.`;
  return `${who} lets ${exception.id} expire on ${lastDay(exception.expires)}.`;
}
