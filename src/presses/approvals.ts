import type { ActionDeps, CheckedPress, PressJob } from '../actions/action';
import { auditOf } from '../actions/audit-of';
import { Refusal } from '../domain/alerts/transitions';
import { type Approval, type Decision, isWaiting } from '../domain/measures/approval';
import { areTwoPeople, isPerson, isSamePerson } from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { plainLine } from '../domain/text/plain-text';
import { shortDigest } from '../domain/text/short-digest';
import type { Keyring } from '../runtime/keyring';

export type Asked = Approval<PressJob>;

export interface Wanted {
  /** What is asked for, in words. */
  what: string;
  /** Why one person is not enough. */
  why: string;
  holdsMs: number;
  /** See {@link Approval.pin}. */
  pin?: string | null;
}

type Deps = Pick<ActionDeps, 'store' | 'keyring' | 'now' | 'show' | 'postNotice'>;

export const approvalIdOf = (pressId: string): string => `A-${shortDigest('approval', pressId)}`;
const noticeIdOf = ({ id }: Pick<Asked, 'id'>): string => `notice-${id}`;

/** The press as it was made: what was found out about it is found out again when it is carried out. */
function asPressed(press: PressJob): PressJob {
  const { lastTry: _, allowedIn: __, approvedBy: ___, ...job } = press as CheckedPress;
  return job;
}

/** Two presses that ask for the very same ask once, and the second person's completes it. */
const sameOf = ({ alertId, action, input, pressId }: PressJob): string =>
  shortDigest(alertId || pressId, action, canonicalJson(input ?? {}));

/**
 * Notes what somebody asked for and another must approve; answers what waits already where somebody asked for the same. What
 * is not about an alert is asked in chat by a notice of its own. Safe to repeat.
 */
export async function askForApproval(press: PressJob, wanted: Wanted, deps: Deps): Promise<Asked> {
  const { store, now, keyring, show, postNotice } = deps;
  const id = approvalIdOf(press.pressId);
  for (;;) {
    const latest = await store.measures.approvalIn(sameOf(press));
    if (latest === id) break;
    const known = latest ? await store.measures.getApproval(latest) : null;
    if (known && isWaiting(known, now())) return known as Asked;
    if (await store.measures.takeApprovalSlot(sameOf(press), latest, id)) break;
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
      until: new Date(now() + wanted.holdsMs).toISOString(),
      needed: isPerson(press.by) ? (1 as const) : (2 as const),
      pin: wanted.pin ?? null,
      job: asPressed(press),
    };
    const approval: Asked = {
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
  const approval = stored as Asked;
  if (approval.alertId) await show(approval.alertId);
  else await postNotice(noticeOf(approval));
  return approval;
}

const noticeOf = (approval: Asked) => ({
  id: noticeIdOf(approval),
  text: [
    `${plainLine(approval.by.name, 80)} asks for ${approval.what}. One person is not enough: ${approval.why}.`,
    `${approval.needed === 2 ? 'Two different responders' : 'A second, different responder'} must approve it by ${approval.until.slice(0, 16).replace('T', ' ')} UTC.`,
  ].join('\n'),
  actions: [
    { id: 'approve', label: 'Approve', value: approval.id },
    { id: 'decline', label: 'Decline', value: approval.id },
  ],
});

/** Is it as it was asked for, by a press that we signed? What somebody wrote into Redis approves nothing. */
export function isGenuine(approval: Asked, keyring: Keyring): boolean {
  const { rev: _, state: __, approvals: ___, ended: ____, signature, ...fixed } = approval;
  return keyring.verify('approval', canonicalJson(fixed), signature);
}

const decisionText = (id: string, { signature: _, ...decision }: Decision) =>
  canonicalJson({ approval: id, ...decision });

const isDecisionGenuine = (id: string, decision: Decision, keyring: Keyring) =>
  keyring.verify('approval', decisionText(id, decision), decision.signature);

/** What a press is about: the approval that it names, else the only one that waits on its alert. */
export async function approvalFor(press: PressJob, { store, now }: Deps): Promise<Asked> {
  const named = press.input?.approvalId;
  if (typeof named === 'string') {
    const approval = (await store.measures.getApproval(named)) as Asked | null;
    if (!approval || (press.alertId && approval.alertId !== press.alertId)) throw new Refusal(nothingWaits);
    return approval;
  }
  const alert = await store.alerts.get(press.alertId);
  const { approvals } = alert ? await store.measures.viewOf(alert) : { approvals: [] };
  const decidedHere = approvals.find((one) => one.approvals.some(({ press: id }) => id === press.pressId));
  if (decidedHere) return decidedHere as Asked;
  const waiting = approvals.filter((one) => isWaiting(one, now()) && one.at <= press.at);
  if (waiting.length > 1)
    throw new Refusal(
      'Several requests wait here. Look at the message again, then press at the one you mean.',
    );
  const [only] = waiting;
  if (!only) throw new Refusal(nothingWaits);
  return only as Asked;
}

const nothingWaits = 'Nothing waits for approval here any more, or it was asked for again in another form.';

/** What waits for the very same as the press asks, or what this press has approved. */
export async function sameAsked(press: PressJob, { store, now }: Deps): Promise<Asked | null> {
  const latest = await store.measures.approvalIn(sameOf(press));
  const found = latest ? ((await store.measures.getApproval(latest)) as Asked | null) : null;
  const isMine = found?.approvals.some((one) => one.press === press.pressId);
  return found && (isMine || isWaiting(found, now())) ? found : null;
}

/**
 * Notes that somebody approves; answers the approval once enough people have, and from then on to every try of the press
 * that completed it.
 * @throws {Refusal} where this person's approval does not count
 */
export async function approve(found: Asked, press: CheckedPress, deps: Deps): Promise<Asked | null> {
  const { store, keyring, now, show } = deps;
  if (!isGenuine(found, keyring)) throw new Refusal(nothingWaits);
  let complete = false;
  const stored = await store.measures.updateApproval(found.id, (current) => {
    const approval = current as Asked | null;
    complete = false;
    if (!approval) throw new Refusal(nothingWaits);
    const genuine = approval.approvals.filter((one) => isDecisionGenuine(approval.id, one, keyring));
    const mine = genuine.findIndex((one) => one.press === press.pressId);
    if (mine >= 0) {
      complete =
        mine === approval.needed - 1 && approval.state !== 'declined' && approval.state !== 'cancelled';
      return null;
    }
    if (!isWaiting(approval, now())) throw new Refusal(whyOver(approval));
    if (!isPerson(press.by)) throw new Refusal('Only a person who is signed in may approve or decline.');
    const behind = [approval.by, ...genuine.map(({ by }) => by)].filter(isPerson);
    const distinct = behind.every((one) => areTwoPeople(one, press.by));
    if (!distinct)
      throw new Refusal(
        `${behind.some((one) => isSamePerson(one, press.by)) ? 'You asked for it or approved it already' : 'It is not certain that you are somebody else than who asked'}. A second, different responder must approve it, in the same chat.`,
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
  return complete ? (stored as Asked) : null;
}

/** Notes what came of what was approved. */
export async function noteCarriedOut({ id, alertId }: Asked, { store, show }: Deps): Promise<void> {
  await store.measures.updateApproval(id, (current) =>
    current?.state === 'approved' ? { approval: { ...current, state: 'carried out' } } : null,
  );
  if (alertId) await show(alertId);
}

/** Ends what waits: its asker withdraws it, somebody else declines it. */
export async function decline(
  found: Asked,
  press: CheckedPress,
  deps: Deps,
): Promise<'declined' | 'cancelled'> {
  const { store, now, show } = deps;
  const state = isSamePerson(found.by, press.by) ? 'cancelled' : 'declined';
  await store.measures.updateApproval(found.id, (approval) => {
    if (approval?.ended && approval.state === state) return null;
    if (!approval || !isWaiting(approval, now()))
      throw new Refusal(approval ? whyOver(approval as Asked) : nothingWaits);
    if (!isPerson(press.by)) throw new Refusal('Only a person who is signed in may approve or decline.');
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

function whyOver({ state, until, ended, approvals }: Asked): string {
  const who = plainLine((ended?.by ?? approvals.at(-1)?.by)?.name, 80);
  switch (state) {
    case 'declined':
      return `${who} declined it.`;
    case 'cancelled':
      return `${who} withdrew it.`;
    case 'approved':
    case 'carried out':
      return `It was approved already, by ${who}.`;
    default:
      return `Nobody approved it by ${until.slice(0, 16).replace('T', ' ')} UTC. Ask again.`;
  }
}

/** Ends what nobody decided in time, and says so. Safe to repeat. */
export async function expireApprovals({
  store,
  now,
  show,
}: Pick<ActionDeps, 'store' | 'now' | 'show'>): Promise<void> {
  const at = new Date(now()).toISOString();
  for (const { id } of await store.measures.listApprovals()) {
    const stored = await store.measures.updateApproval(id, (approval) => {
      if (approval?.state !== 'asked' || isWaiting(approval, now())) return null;
      const by = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' } as const;
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
            why: `nobody approved it by ${approval.until}`,
            details: { approval: id, askedBy: approval.by, what: approval.what },
          },
        ],
      };
    });
    if (stored?.state === 'expired' && stored.alertId) await show(stored.alertId);
  }
}

/** What is added to the notice that asked. */
export const sayOnNotice = (approval: Asked, text: string, { showNotice }: Pick<ActionDeps, 'showNotice'>) =>
  approval.alertId ? Promise.resolve() : showNotice(noticeIdOf(approval), text);
