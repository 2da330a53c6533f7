import type { Action, AlertAction, CheckedPress, FreeAction, PressJob } from '../actions/action';
import { auditOf } from '../actions/audit-of';
import { failInProgress } from '../actions/measures/record-failure';
import { actionOf } from '../actions/registry';
import { Refusal } from '../domain/alerts/transitions';
import type { AlertView } from '../domain/measures/alert-view';
import { plainLine } from '../domain/text/plain-text';
import { phrase, t, timeText, translate } from '../domain/text/translate';
import { span } from '../runtime/tracing';
import type { PressResult } from '../store/press-results';
import {
  type ApprovalRequest,
  addToNotice,
  approvalFor,
  approve,
  askForApproval,
  decline,
  findIdenticalRequest,
  markCarriedOut,
} from './approvals';
import { approvalNeeded, authorized, pinOf } from './authorize-press';
import { checkPress, identifyPress } from './check-press';
import type { PerformDeps } from './perform-deps';
import { aboutPress, targetOf } from './press';
import { note, refuse } from './press-result';
import { run, runAction } from './run-action';

/**
 * Handles a press: checks the job, the person and their rights, runs the action and audits it. Refusals go
 * to the presser privately.
 * @param attempt counted from 1
 */
export async function perform(queued: unknown, attempt: number, deps: PerformDeps): Promise<void> {
  const checked = await span('check press', {}, () => checkPress(queued, attempt, deps));
  if (!checked) return;
  await span('perform', aboutPress(checked.press), () => performAction(checked, attempt, deps));
}

async function performAction(
  { press, action }: { press: CheckedPress; action: Action },
  attempt: number,
  deps: PerformDeps,
): Promise<void> {
  try {
    if (action.about === 'approval') await decide(action, press, deps);
    else await performChecked(action, press, deps);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // An earlier attempt may have started a measure that this attempt is not allowed to continue.
    if (attempt > 1) await failInProgress(press.pressId, error.message.replace(/\.$/, ''), deps);
    return refuse(press, error.message, deps);
  }
}

/** Runs an action for a verified press, if the person may do it and no approval is missing. */
async function performChecked(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  deps: PerformDeps,
): Promise<void> {
  const view = action.about === 'alert' ? await viewFor(press, deps) : null;
  const allowed = await span('authorize', {}, () => authorized(action, press, view, deps));
  if (action.about !== 'alert' && action.onlyApproved) throw new Refusal(t`This needs approval.`);
  const wanted = await span('check approval', {}, () => approvalNeeded(action, allowed, view, deps));
  if (!wanted) return run(action, allowed, view, deps);
  const same = (await findIdenticalRequest(allowed, deps)) ?? (await askForApproval(allowed, wanted, deps));
  if (same.job.pressId !== press.pressId) {
    const complete = await approve(same, allowed, deps);
    if (complete) return carryOutApproved(complete, allowed, deps);
    return note(
      allowed,
      { result: 'asked', text: t`Approval recorded. One more responder must approve it.` },
      deps,
    );
  }
  const { until } = same;
  const when = timeText(until);
  const text = t`Not done yet: ${wanted.why}. A second, different responder must approve it by ${when}.`;
  await note(allowed, { result: 'asked', text }, deps);
}

/**
 * Approves or declines another person's request. The decision requires the same right as the requested
 * action.
 */
async function decide(action: FreeAction, press: CheckedPress, deps: PerformDeps): Promise<void> {
  const found = await approvalFor(press, deps);
  const { action: wanted, view } = await requestedAction(found, deps);
  const asIf = { ...found.job, by: press.by };
  const allowed = await span('authorize', {}, () =>
    authorized(wanted, { ...asIf, lastTry: press.lastTry }, view, deps),
  );
  if (action.id === 'decline') {
    const how = await decline(found, press, deps);
    const text = how === 'cancelled' ? t`withdrew it` : t`declined it`;
    await addToNotice(found, `${plainLine(press.by.name, 80)} ${text}.`, deps);
    return note(press, { result: 'done', text: how === 'cancelled' ? t`Withdrawn.` : t`Declined.` }, deps);
  }
  // A person whose right is limited to some subscriptions may approve exceptions only for those.
  await wanted.approval?.(allowed, deps);
  const complete = await approve(found, press, deps);
  if (!complete)
    return note(
      press,
      { result: 'asked', text: t`Approval recorded. A second, different responder must also approve it.` },
      deps,
    );
  await carryOutApproved(complete, press, deps);
}

async function requestedAction(
  { job }: ApprovalRequest,
  deps: PerformDeps,
): Promise<{ action: AlertAction | FreeAction; view: AlertView | null }> {
  const action = actionOf(job.action);
  if (!action || action.about === 'approval') throw new Refusal(t`That action no longer exists.`);
  return { action, view: action.about === 'alert' ? await viewFor(job, deps) : null };
}

/**
 * Carries out the request under the requester's press. Runs on every attempt of the press that approved it.
 */
async function carryOutApproved(
  approval: ApprovalRequest,
  press: CheckedPress,
  deps: PerformDeps,
): Promise<void> {
  const { store, now } = deps;
  const who = plainLine(press.by.name, 80);
  let asker: PressJob = approval.job;
  let result: PressResult;
  try {
    const { action, view } = await requestedAction(approval, deps);
    const asked = await identifyPress(approval.job, action, deps);
    if ('refused' in asked) throw new Refusal(t`The requester may no longer do this: ${asked.refused}`);
    // It is carried out now, not when it was requested.
    const job = { ...asked.press, at: press.at, approvedBy: press.by, lastTry: press.lastTry };
    asker = job;
    if (pinOf(action, job, view) !== approval.pin)
      throw new Refusal(t`The alert’s machines or roles changed after the request. Request it again.`);
    const allowed = isFromCli(job) ? job : await authorized(action, job, view, deps);
    result = await runAction(action, allowed, view, deps);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    result = { result: 'refused', text: error.message };
    await failInProgress(asker.pressId, error.message.replace(/\.$/, ''), deps);
    const audit = auditOf({ ...asker, at: new Date(now()).toISOString() }, null, 'refused', error.message);
    await store.audit.append([audit], `${asker.pressId} refused`);
  }
  await markCarriedOut(approval, deps);
  await addToNotice(approval, t`${who} approved it. ${result.text}`.trim(), deps);
  await note(asker, result, deps);
  await note(press, result, deps);
}

/** A request from the command line runs under its approvers' rights. */
const isFromCli = ({ by }: PressJob) => by.surface === 'cli';

const targetChanged = phrase(
  'The alert’s machine changed after you pressed. Check the alert, then press again.',
);

async function viewFor(press: PressJob, { store }: PerformDeps): Promise<AlertView> {
  const alert = await store.alerts.get(press.alertId);
  if (!alert) throw new Refusal(t`This alert has expired.`);
  if (press.target !== targetOf(alert)) throw new Refusal(translate(targetChanged));
  return store.measures.viewOf(alert);
}
