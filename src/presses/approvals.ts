import type { ActionDeps, CheckedPress, PressJob } from '../actions/action';
import { auditOf } from '../actions/audit-of';
import { Refusal } from '../domain/alerts/transitions';
import { type Approval, type Decision, isPending } from '../domain/measures/approval';
import {
  areDifferentPeople,
  isPerson,
  isSamePerson,
  mayApprove,
  runwatchActor,
} from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { plainLine } from '../domain/text/plain-text';
import { shortDigest } from '../domain/text/short-digest';
import { phrase, t, timeText, translate } from '../domain/text/translate';
import type { Keyring } from '../runtime/keyring';

export type ApprovalRequest = Approval<PressJob>;

export interface ApprovalNeed {
  /** The request as text. */
  what: string;
  /** Why one person is not enough. */
  why: string;
  timeoutMs: number;
  /** See {@link Approval.pin}. */
  pin?: string | null;
}

type Deps = Pick<ActionDeps, 'store' | 'keyring' | 'now' | 'show' | 'postNotice'>;

export const approvalIdOf = (pressId: string): string => `A-${shortDigest('approval', pressId)}`;
const noticeIdOf = ({ id }: Pick<ApprovalRequest, 'id'>): string => `notice-${id}`;

/** The press as it was signed. Identity and rights are checked again when it is carried out. */
function originalPress(press: PressJob): PressJob {
  const { lastTry: _, allowedIn: __, approvedBy: ___, ...job } = press as CheckedPress;
  return job;
}

/**
 * Key for identical requests: two identical presses share one request, and the second person's press
 * approves it.
 */
const requestKey = ({ alertId, action, input, pressId }: PressJob): string =>
  shortDigest(alertId || pressId, action, canonicalJson(input ?? {}));

/**
 * Stores a request that another person must approve, or returns the identical pending one. A request without
 * an alert gets its own notice in chat. Safe to repeat.
 */
export async function askForApproval(
  press: PressJob,
  wanted: ApprovalNeed,
  deps: Deps,
): Promise<ApprovalRequest> {
  const { store, now, keyring, show, postNotice } = deps;
  const id = approvalIdOf(press.pressId);
  for (;;) {
    const latest = await store.measures.approvalIn(requestKey(press));
    if (latest === id) break;
    const known = latest ? await store.measures.getApproval(latest) : null;
    if (known && isPending(known, now())) return known as ApprovalRequest;
    if (await store.measures.takeApprovalSlot(requestKey(press), latest, id)) break;
  }
  const stored = await store.measures.updateApproval(id, (current) => {
    if (current) return null;
    const fixed = {
      id,
      alertId: press.alertId || null,
      action: press.action,
      what: wanted.what,
      why: wanted.why,
      by: press.by,
      at: press.at,
      until: new Date(now() + wanted.timeoutMs).toISOString(),
      needed: isPerson(press.by) ? (1 as const) : (2 as const),
      pin: wanted.pin ?? null,
      job: originalPress(press),
    };
    const approval: ApprovalRequest = {
      ...fixed,
      rev: 0,
      state: 'asked',
      approvals: [],
      signature: keyring.sign('approval', canonicalJson(fixed)),
    };
    return {
      approval,
      audit: [auditOf(press, null, 'asked', wanted.why, { what: wanted.what, approval: id })],
    };
  });
  const approval = stored as ApprovalRequest;
  if (approval.alertId) await show(approval.alertId);
  else await postNotice(noticeOf(approval));
  return approval;
}

const noticeOf = (approval: ApprovalRequest) => ({
  id: noticeIdOf(approval),
  text: [
    t`${plainLine(approval.by.name, 80)} requests ${approval.what}. It needs approval: ${approval.why}.`,
    t`${approval.needed === 2 ? t`Two different responders` : t`A second, different responder`} must approve it by ${timeText(approval.until)}.`,
  ].join('\n'),
  actions: [
    { id: 'approve', label: t`Approve`, value: approval.id },
    { id: 'decline', label: t`Decline`, value: approval.id },
  ],
});

/** Whether the request is unchanged and signed by us, so that writing to Redis can't forge an approval. */
export function isGenuine(approval: ApprovalRequest, keyring: Keyring): boolean {
  const { rev: _, state: __, approvals: ___, ended: ____, signature, ...fixed } = approval;
  return keyring.verify('approval', canonicalJson(fixed), signature);
}

const decisionText = (id: string, { signature: _, ...decision }: Decision) =>
  canonicalJson({ approval: id, ...decision });

const isDecisionGenuine = (id: string, decision: Decision, keyring: Keyring) =>
  keyring.verify('approval', decisionText(id, decision), decision.signature);

/** The approval that the press names, else the only pending one on its alert. */
export async function approvalFor(press: PressJob, { store, now }: Deps): Promise<ApprovalRequest> {
  const named = press.input?.approvalId;
  if (typeof named === 'string') {
    const approval = (await store.measures.getApproval(named)) as ApprovalRequest | null;
    if (!approval || (press.alertId && approval.alertId !== press.alertId))
      throw new Refusal(translate(noPendingRequest));
    return approval;
  }
  const alert = await store.alerts.get(press.alertId);
  const { approvals } = alert ? await store.measures.viewOf(alert) : { approvals: [] };
  const decidedHere = approvals.find((one) => one.approvals.some(({ press: id }) => id === press.pressId));
  if (decidedHere) return decidedHere as ApprovalRequest;
  const waiting = approvals.filter((one) => isPending(one, now()) && one.at <= press.at);
  if (waiting.length > 1)
    throw new Refusal(
      t`Several requests are pending. Check the message, then press the button of the one you mean.`,
    );
  const [only] = waiting;
  if (!only) throw new Refusal(translate(noPendingRequest));
  return only as ApprovalRequest;
}

const onlyPeople = phrase(
  'Only a person who is signed in may approve or decline, in a chat or in the console.',
);
const noPendingRequest = phrase('Nothing is waiting for approval here, or the request was replaced.');

/** The identical pending request, or the one that this press approved. */
export async function findIdenticalRequest(
  press: PressJob,
  { store, now }: Deps,
): Promise<ApprovalRequest | null> {
  const latest = await store.measures.approvalIn(requestKey(press));
  const found = latest ? ((await store.measures.getApproval(latest)) as ApprovalRequest | null) : null;
  const isMine = found?.approvals.some((one) => one.press === press.pressId);
  return found && (isMine || isPending(found, now())) ? found : null;
}

/**
 * Records an approval. Returns the request once enough people approved it, and on every retry of the press
 * that completed it.
 * @throws {Refusal} if this person's approval does not count
 */
export async function approve(
  found: ApprovalRequest,
  press: CheckedPress,
  deps: Deps,
): Promise<ApprovalRequest | null> {
  const { store, keyring, now, show } = deps;
  if (!isGenuine(found, keyring)) throw new Refusal(translate(noPendingRequest));
  let complete = false;
  const stored = await store.measures.updateApproval(found.id, (current) => {
    const approval = current as ApprovalRequest | null;
    complete = false;
    if (!approval) throw new Refusal(translate(noPendingRequest));
    const genuine = approval.approvals.filter((one) => isDecisionGenuine(approval.id, one, keyring));
    const mine = genuine.findIndex((one) => one.press === press.pressId);
    if (mine >= 0) {
      complete =
        mine === approval.needed - 1 && approval.state !== 'declined' && approval.state !== 'cancelled';
      return null;
    }
    if (!isPending(approval, now())) throw new Refusal(whyClosed(approval));
    if (!mayApprove(press.by)) throw new Refusal(translate(onlyPeople));
    const behind = [approval.by, ...genuine.map(({ by }) => by)].filter(isPerson);
    const distinct = behind.every((one) => areDifferentPeople(one, press.by));
    if (!distinct)
      throw new Refusal(
        t`${behind.some((one) => isSamePerson(one, press.by)) ? t`You already requested or approved it` : t`Runwatch cannot confirm that you are not the requester`}. A second, different responder must approve it, in the same chat.`,
      );
    const unsigned = { by: press.by, at: press.at, press: press.pressId, signature: '' };
    const decision = {
      ...unsigned,
      signature: keyring.sign('approval', decisionText(approval.id, unsigned)),
    };
    const approvals = [...genuine, decision];
    complete = approvals.length >= approval.needed;
    return {
      approval: { ...approval, approvals, state: complete ? 'approved' : 'asked' },
      audit: [
        auditOf(
          { ...press, action: 'approve', alertId: approval.alertId ?? '' },
          null,
          complete ? 'done' : 'asked',
          approval.what,
          {
            approval: approval.id,
            askedBy: approval.by,
          },
        ),
      ],
    };
  });
  if (found.alertId) await show(found.alertId);
  return complete ? (stored as ApprovalRequest) : null;
}

/** Marks an approved request as carried out. */
export async function markCarriedOut({ id, alertId }: ApprovalRequest, { store, show }: Deps): Promise<void> {
  await store.measures.updateApproval(id, (current) =>
    current?.state === 'approved' ? { approval: { ...current, state: 'carried out' } } : null,
  );
  if (alertId) await show(alertId);
}

/** Ends a pending request: withdrawn by its requester, or declined by someone else. */
export async function decline(
  found: ApprovalRequest,
  press: CheckedPress,
  deps: Deps,
): Promise<'declined' | 'cancelled'> {
  const { store, now, show } = deps;
  const state = isSamePerson(found.by, press.by) ? 'cancelled' : 'declined';
  await store.measures.updateApproval(found.id, (approval) => {
    if (approval?.ended && approval.state === state) return null;
    if (!approval || !isPending(approval, now()))
      throw new Refusal(approval ? whyClosed(approval as ApprovalRequest) : translate(noPendingRequest));
    if (!mayApprove(press.by)) throw new Refusal(translate(onlyPeople));
    return {
      approval: { ...approval, state, ended: { by: press.by, at: press.at } },
      audit: [
        auditOf(
          { ...press, action: 'decline', alertId: approval.alertId ?? '' },
          null,
          'done',
          approval.what,
          {
            approval: approval.id,
            askedBy: approval.by,
          },
        ),
      ],
    };
  });
  if (found.alertId) await show(found.alertId);
  return state;
}

function whyClosed({ state, until, ended, approvals }: ApprovalRequest): string {
  const who = plainLine((ended?.by ?? approvals.at(-1)?.by)?.name, 80);
  switch (state) {
    case 'declined':
      return t`${who} declined it.`;
    case 'cancelled':
      return t`${who} withdrew it.`;
    case 'approved':
    case 'carried out':
      return t`${who} already approved it.`;
    default:
      return t`Nobody approved it by ${timeText(until)}. Request it again.`;
  }
}

/** Expires undecided requests and updates their alerts. Safe to repeat. */
export async function expireApprovals({
  store,
  now,
  show,
}: Pick<ActionDeps, 'store' | 'now' | 'show'>): Promise<void> {
  const at = new Date(now()).toISOString();
  for (const { id } of await store.measures.listApprovals()) {
    const stored = await store.measures.updateApproval(id, (approval) => {
      if (approval?.state !== 'asked' || isPending(approval, now())) return null;
      const by = runwatchActor;
      return {
        approval: { ...approval, state: 'expired', ended: { by, at } },
        audit: [
          {
            at,
            by,
            action: approval.action,
            alertId: approval.alertId,
            object: null,
            result: 'refused',
            why: t`nobody approved it by ${timeText(approval.until)}`,
            details: { approval: id, askedBy: approval.by, what: approval.what },
          },
        ],
      };
    });
    if (stored?.state === 'expired' && stored.alertId) await show(stored.alertId);
  }
}

/** Adds the result to the request's notice, if it has one. */
export const addToNotice = (
  approval: ApprovalRequest,
  text: string,
  { showNotice }: Pick<ActionDeps, 'showNotice'>,
) => (approval.alertId ? Promise.resolve() : showNotice(noticeIdOf(approval), text));
