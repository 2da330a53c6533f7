import { shortDigest } from '../alerts/digest';
import { lastDay } from '../alerts/exception';
import { assessException } from '../alerts/exception-policy';
import { matchWords } from '../alerts/match-words';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { areTwoPeople, isPerson } from '../alerts/two-people';
import { canonicalJson } from '../canonical-json';
import type { ActionId } from '../config';
import type { Notice } from '../store/deliveries';
import type { PendingException } from '../store/exceptions-store';
import { refuseElsewhere } from './add-exception';
import { auditOf } from './audit-of';
import type { PressJob, ResponseDeps } from './response';

export type ApprovalAction = 'approve' | 'decline';
export const isApproval = (action: ActionId): action is ApprovalAction =>
  action === 'approve' || action === 'decline';

/** What was read is what is approved: another form of it has another version. */
const versionOf = ({ exception, at }: PendingException): string => shortDigest(canonicalJson(exception), at);

const noticeIdOf = ({ exception, at }: PendingException): string =>
  `notice-approve-${exception.id}-${Date.parse(at)}`;

/** What is posted while a broad exception waits. */
export const approvalNotice = (pending: PendingException): Notice => {
  const { exception, why, by } = pending;
  return {
    id: noticeIdOf(pending),
    text: [
      `${plainLine(by.name, 80)} asks for an exception that one person may not add: ${why}.`,
      `It matches ${matchWords(exception.match)}, until ${lastDay(exception.expires)}. Reason: ${plainLine(exception.reason, 300)}`,
      by.surface === 'cli'
        ? 'Two different responders must approve it within 24 hours.'
        : 'A second, different responder must approve it within 24 hours.',
    ].join('\n'),
    actions: [
      { id: 'approve', label: 'Approve', value: `${exception.id} ${versionOf(pending)}` },
      { id: 'decline', label: 'Decline', value: `${exception.id} ${versionOf(pending)}` },
    ],
  };
};

/** Notes that a broad exception waits, and asks for its approval in chat. Safe to repeat. */
export async function askForApproval(
  pending: PendingException,
  { store, postNotice }: Pick<ResponseDeps, 'store' | 'postNotice'>,
): Promise<void> {
  await store.exceptions.putPending(pending);
  const { exception, by, at } = pending;
  await store.audit.append(
    [
      {
        at,
        by,
        action: 'add_exception',
        alertId: null,
        object: exception.id,
        result: 'asked',
        why: exception.reason,
        details: { exception },
      },
    ],
    `ask-${exception.id}-${at}`,
  );
  await postNotice(approvalNotice(pending));
}

/** Approves or declines a broad exception; it is in force once two different people stand behind it. */
export async function decideException(
  press: PressJob & { action: ApprovalAction },
  deps: ResponseDeps,
): Promise<string> {
  const { store, now, maxExceptionDays, showNotice } = deps;
  const [id = '', version] = String(press.input?.exceptionId ?? '').split(' ');
  const pending = (await store.exceptions.pending(now())).find(({ exception }) => exception.id === id);
  if (!pending || version !== versionOf(pending))
    throw new Refusal('Nothing waits for approval there any more, or it was asked for anew in another form.');
  refuseElsewhere(pending.exception.match, press);
  if (!isPerson(press.by)) throw new Refusal('Only a person who is signed in may approve or decline.');
  const who = plainLine(press.by.name, 80);
  if (press.action === 'decline') {
    await store.exceptions.removePending(id);
    await audited(press, pending, 'done', deps);
    await showNotice(noticeIdOf(pending), `${who} declined it.`);
    return `Exception ${id} is declined.`;
  }
  const { refused } = assessException(pending.exception, {
    now: now(),
    maxDays: maxExceptionDays,
    alerts: [],
    by: press.by,
  });
  if (refused) throw new Refusal(`${refused}.`);
  const behind = isPerson(pending.by) ? [pending.by, ...pending.approvals] : pending.approvals;
  if (!behind.some((one) => areTwoPeople(one, press.by))) {
    if (behind.length > 0)
      throw new Refusal('A second, different responder must approve it, in the same chat as the first.');
    await store.exceptions.putPending({ ...pending, approvals: [press.by] });
    await audited(press, pending, 'asked', deps);
    return 'Noted. A second, different responder must approve it too.';
  }
  await store.exceptions.put(pending.exception);
  await audited(press, pending, 'done', deps);
  await store.exceptions.removePending(id);
  await showNotice(noticeIdOf(pending), `${who} approved it; it is in force.`);
  return `Exception ${id} is in force until ${lastDay(pending.exception.expires)}.`;
}

const audited = (
  press: PressJob,
  { exception, by }: PendingException,
  result: 'done' | 'asked',
  { store }: ResponseDeps,
) =>
  store.audit.append(
    [{ ...auditOf(press, null, result, exception.reason, { exception, askedBy: by }), object: exception.id }],
    press.pressId,
  );
