import type { Action, AlertAction, CheckedPress, FreeAction, PressJob } from '../actions/action';
import { actionOf } from '../actions/registry';
import { needsFourEyes, rightsFor } from '../actions/rights';
import { theMachine } from '../actions/targets';
import { type Alert, isCallerOf, summarize } from '../domain/alerts/alert';
import { Refusal } from '../domain/alerts/transitions';
import type { AlertView } from '../domain/measures/alert-view';
import { approvalTimeoutMs, exceptionApprovalTimeoutMs } from '../domain/measures/approval';
import { isTicketSystem, mayApprove } from '../domain/people/person';
import { shortDigest } from '../domain/text/short-digest';
import { t } from '../domain/text/translate';
import { refusalFor, subscriptionLimitOf } from './authorize';
import { isByRunwatch } from './check-press';
import type { PerformDeps } from './perform-deps';

/**
 * The press with the subscriptions that the presser's right is limited to.
 * @throws {Refusal} if they are not allowed
 */
export async function authorized(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<CheckedPress> {
  if (isByRunwatch(press)) return press;
  if (isTicketSystem(press.by) !== (action.about === 'ticket'))
    throw new Refusal(t`Only the system that an alert was escalated to may do this, and nothing else.`);
  if (action.about === 'ticket') return press;
  const rights = rightsFor(action, press.input ?? {}, view);
  const allowedIn = await subscriptionLimitOf(
    rights[0] ?? action.id,
    press.by,
    deps.config.responders,
    deps.inGroup,
  );
  const allowed = { ...press, ...(allowedIn ? { allowedIn } : {}) };
  if (view) {
    const refusal = await refusalOnAlert(action, rights, press, view.alert, deps);
    if (refusal) throw new Refusal(refusal);
    return allowed;
  }
  const place = action.about === 'alert' ? undefined : await action.place?.(press, deps);
  if (place?.isOwner) return press;
  const refusal = await refusalOf(action, rights, press, place?.subscriptionId ?? allowedIn?.[0] ?? '', deps);
  if (refusal) throw new Refusal(refusal);
  return allowed;
}

/** What decides who may do what. */
export type RightsDeps = Pick<PerformDeps, 'config' | 'inGroup' | 'mayRead'>;

/** Why this person may not do this to the alert, as text for them; null if they may. */
export async function refusalOnAlert(
  action: Action,
  rights: readonly string[],
  press: PressJob,
  alert: Alert,
  deps: RightsDeps,
): Promise<string | null> {
  const answers = action.right === 'asked';
  if (isCallerOf(alert, press.by) && !answers && action.id !== 'add_note')
    return t`You are the caller of this alert, so you may only answer the question and add notes. Ask another responder.`;
  if (isCallerOf(alert, press.by))
    return answers && !mayApprove(press.by)
      ? t`Only a person who is signed in may answer the question.`
      : null;
  if (answers) return t`Someone else was asked this question.`;
  const subscriptions = new Set(summarize(alert).about.map(({ target }) => target.subscriptionId));
  for (const subscriptionId of subscriptions) {
    const refusal = await refusalOf(action, rights, press, subscriptionId, deps);
    if (refusal) return refusal;
  }
  return null;
}

/** Why this person may not do some part of this in the subscription; null if they may. */
export async function refusalOf(
  { right }: Action,
  rights: readonly string[],
  { by }: PressJob,
  subscriptionId: string,
  { config, inGroup, mayRead }: RightsDeps,
): Promise<string | null> {
  for (const action of rights) {
    const needs = actionOf(action)?.right ?? right;
    const asked = { action, needs, presser: by, subscriptionId };
    const refusal = await refusalFor(asked, config.responders, inGroup, mayRead);
    if (refusal) return refusal;
  }
  return null;
}

/** Why this press needs approval; null if it does not. */
export async function approvalNeeded(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<{ what: string; why: string; timeoutMs: number; pin: string | null } | null> {
  if (isByRunwatch(press)) return null;
  const special = await action.approval?.(press, deps);
  const four = needsFourEyes(action, press.input ?? {}, view, deps.config.policy, actionOf);
  if (!special && !four) return null;
  const isException = action.about === 'exception' || action.id.includes('exception');
  return {
    what: special?.what ?? whatOf(action, view),
    why: special?.why ?? t`this action requires two people here`,
    pin: pinOf(action, press, view),
    timeoutMs: special?.timeoutMs ?? (isException ? exceptionApprovalTimeoutMs : approvalTimeoutMs),
  };
}

export function whatOf(action: Action, view: AlertView | null): string {
  const [machine] = view ? theMachine(view) : [];
  const where = machine ? `: ${machine.name}` : view ? `: ${view.alert.id}` : '';
  return `${action.name}${where}`;
}

/** A digest of the approval's targets; null if the action and its input fully define it. */
export function pinOf(action: Action, press: PressJob, view: AlertView | null): string | null {
  if (!view || action.about !== 'alert') return null;
  const actions = [action, ...rightsFor(action, press.input ?? {}, view).map(actionOf)];
  const targets = actions.flatMap((one) => (one?.about === 'alert' ? (one.pinnedTo?.(view) ?? []) : []));
  return targets.length > 0 ? shortDigest(...[...new Set(targets)].sort()) : null;
}
