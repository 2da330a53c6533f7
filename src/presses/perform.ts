import type { Action, ActionDeps, AlertAction, CheckedPress, FreeAction, PressJob } from '../actions/action';
import { auditOf } from '../actions/audit-of';
import { failInProgress, isTransient, remedyOf } from '../actions/carry-out';
import { withPress } from '../actions/record';
import { actionOf } from '../actions/registry';
import { theMachine } from '../actions/targets';
import type { Identified } from '../chat/surface-press';
import { type Alert, isCallerOf } from '../domain/alerts/alert';
import { Refusal } from '../domain/alerts/transitions';
import type { AlertView } from '../domain/measures/alert-view';
import { approvalTimeoutMs, exceptionApprovalTimeoutMs } from '../domain/measures/approval';
import type { Presser } from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { plainLine } from '../domain/text/plain-text';
import { redactSecrets } from '../domain/text/redactor';
import { shortDigest } from '../domain/text/short-digest';
import type { Metrics } from '../runtime/metrics';
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
import { type InGroup, refusalFor, subscriptionLimitOf } from './authorize';
import { isSigned, targetOf } from './press';
import { pressSchema, readInput } from './press-input';
import { needsFourEyes, rightsFor } from './rights';

export interface PerformDeps extends ActionDeps {
  inGroup: InGroup;
  mayRead: (presser: Presser) => Promise<boolean>;
  metrics: Metrics;
  /** Asks the surface to verify who pressed. */
  identify: (press: PressJob) => Promise<Identified>;
  /** Sends the presser a message that only they see. */
  replyPrivately: (press: PressJob, text: string) => Promise<void>;
}

/** Attempts before a transient failure counts as final and is shown on the alert. */
const maxAttempts = 6;

/** A press queued for longer than this, in ms, is refused: the presser no longer expects it. */
const maxPressAgeMs = 86_400_000;

/**
 * Handles a press: checks the job, the person and their rights, runs the action and audits it. Refusals go
 * to the presser privately.
 * @param attempt counted from 1
 */
export async function perform(queued: unknown, attempt: number, deps: PerformDeps): Promise<void> {
  const checked = await checkPress(queued, attempt, deps);
  if (!checked) return;
  const { press, action } = checked;
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

/**
 * Returns a job's press if it is complete, signed by us and from a person whom the surface vouches for.
 * Returns null if it was refused.
 */
async function checkPress(
  queued: unknown,
  attempt: number,
  deps: PerformDeps,
): Promise<{ press: CheckedPress; action: Action } | null> {
  const parsed = pressSchema.safeParse(queued);
  const action = actionOf(parsed.data?.action ?? '');
  if (!parsed.success || !action) {
    deps.log.error({ issue: parsed.error?.issues[0]?.message }, 'refused an invalid job in the press queue');
    deps.metrics.presses.inc({ action: 'unknown', result: 'refused' });
    return null;
  }
  const job: PressJob = parsed.data;
  if (!isSigned(job, deps.keyring)) {
    await refuseUnsigned(job, deps);
    return null;
  }
  if (deps.now() - Date.parse(job.at) > maxPressAgeMs) {
    await failInProgress(job.pressId, 'Runwatch stopped while this was in progress', deps);
    await refuse(job, 'This request is more than a day old, so it was not run. Press again.', deps);
    return null;
  }
  const known = await deps.store.pressResults.get(job.pressId);
  if (known && known.result !== 'asked') return null;
  const identified = await identifyPress(job, action, deps);
  if ('refused' in identified) {
    if (attempt > 1) await failInProgress(job.pressId, identified.refused.replace(/\.$/, ''), deps);
    await refuse(job, identified.refused, deps);
    return null;
  }
  return { press: { ...identified.press, lastTry: attempt >= maxAttempts }, action };
}

const isByRunwatch = ({ by }: PressJob) => by.surface === 'runwatch';

/** The press with its presser and input verified. */
async function identifyPress(
  job: PressJob,
  action: Action,
  deps: PerformDeps,
): Promise<{ press: PressJob } | { refused: string }> {
  const known = isByRunwatch(job) ? { presser: job.by } : await deps.identify(job);
  if ('refused' in known) return known;
  const read = readInput(action, job.input);
  return 'refused' in read ? read : { press: { ...job, by: known.presser, input: read.input } };
}

/**
 * Refuses a press without a valid signature, and lists it so that someone who pressed before an upgrade can
 * press again.
 */
async function refuseUnsigned(press: PressJob, deps: PerformDeps): Promise<void> {
  const unsigned = press.signature === undefined;
  const why = unsigned
    ? 'This press was queued without a signature, by an older version or another program. Press again.'
    : 'The signature of this press is invalid: RUNWATCH_SECRET differs between processes, or someone changed Redis. Press again.';
  deps.log.error(
    { pressId: press.pressId, action: press.action, alertId: press.alertId, unsigned },
    'refused a press with an invalid signature',
  );
  const { pressId, alertId, action, by, at } = press;
  const who = plainLine(by.name, 80);
  await deps.store.rejectedPresses.note({ pressId, alertId, action, by: who, at });
  await askToPressAgain(`${who}: ${action.replaceAll('_', ' ')} on ${plainLine(alertId, 40)}`, deps);
  // A separate id, so that a forged press can't block the audit entry of the real press with the same id.
  await refuse({ ...press, pressId: `unsigned-${shortDigest(canonicalJson(press))}` }, why, deps);
}

const pressAgainHead =
  'Presses without a valid signature were not run. Most likely an older version queued them. Please press again:';
/** Maximum lines in the notice, which is posted once an hour. */
const maxPressAgainLines = 20;

async function askToPressAgain(line: string, { store, now, postNotice }: PerformDeps): Promise<void> {
  const id = `notice-press-again-${new Date(now()).toISOString().slice(0, 13)}`;
  const text = `${pressAgainHead}\n• ${line}`;
  await store.deliveries.changeNotice(
    id,
    (notice) =>
      notice.text.includes(line) || notice.text.split('\n').length > maxPressAgainLines
        ? notice
        : { ...notice, text: `${notice.text}\n• ${line}` },
    store.surfaces,
  );
  await postNotice({ id, text });
}

/** Runs an action for a verified press, if the person may do it and no approval is missing. */
async function performChecked(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  deps: PerformDeps,
): Promise<void> {
  const view = action.about === 'alert' ? await viewFor(press, deps) : null;
  const allowed = await authorized(action, press, view, deps);
  if (action.about !== 'alert' && action.onlyApproved) throw new Refusal('This needs approval.');
  const wanted = await approvalNeeded(action, allowed, view, deps);
  if (!wanted) return run(action, allowed, view, deps);
  const same = (await findIdenticalRequest(allowed, deps)) ?? (await askForApproval(allowed, wanted, deps));
  if (same.job.pressId !== press.pressId) {
    const complete = await approve(same, allowed, deps);
    if (complete) return carryOutApproved(complete, allowed, deps);
    return note(
      allowed,
      { result: 'asked', text: 'Approval recorded. One more responder must approve it.' },
      deps,
    );
  }
  const { until } = same;
  const when = `${until.slice(11, 16)} UTC${wanted.timeoutMs > 3_600_000 ? ` on ${until.slice(0, 10)}` : ''}`;
  const text = `Not done yet: ${wanted.why}. A second, different responder must approve it by ${when}.`;
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
  const allowed = await authorized(wanted, { ...asIf, lastTry: press.lastTry }, view, deps);
  if (action.id === 'decline') {
    const how = await decline(found, press, deps);
    const text = how === 'cancelled' ? 'withdrew it' : 'declined it';
    await addToNotice(found, `${plainLine(press.by.name, 80)} ${text}.`, deps);
    return note(press, { result: 'done', text: how === 'cancelled' ? 'Withdrawn.' : 'Declined.' }, deps);
  }
  // A person whose right is limited to some subscriptions may approve exceptions only for those.
  await wanted.approval?.(allowed, deps);
  const complete = await approve(found, press, deps);
  if (!complete)
    return note(
      press,
      { result: 'asked', text: 'Approval recorded. A second, different responder must also approve it.' },
      deps,
    );
  await carryOutApproved(complete, press, deps);
}

async function requestedAction(
  { job }: ApprovalRequest,
  deps: PerformDeps,
): Promise<{ action: AlertAction | FreeAction; view: AlertView | null }> {
  const action = actionOf(job.action);
  if (!action || action.about === 'approval') throw new Refusal('That action no longer exists.');
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
    if ('refused' in asked) throw new Refusal(`The requester may no longer do this: ${asked.refused}`);
    const job = { ...asked.press, approvedBy: press.by, lastTry: press.lastTry };
    asker = job;
    if (pinOf(action, job, view) !== approval.pin)
      throw new Refusal('The alert’s machines or roles changed after the request. Request it again.');
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
  await addToNotice(approval, `${who} approved it. ${result.text}`.trim(), deps);
  await note(asker, result, deps);
  await note(press, result, deps);
}

/** A digest of the approval's targets; null if the action and its input fully define it. */
function pinOf(action: Action, press: PressJob, view: AlertView | null): string | null {
  if (!view || action.about !== 'alert') return null;
  const actions = [action, ...rightsFor(action, press.input ?? {}, view).map(actionOf)];
  const targets = actions.flatMap((one) => (one?.about === 'alert' ? (one.pinnedTo?.(view) ?? []) : []));
  return targets.length > 0 ? shortDigest(...[...new Set(targets)].sort()) : null;
}

/** A request from the command line runs under its approvers' rights. */
const isFromCli = ({ by }: PressJob) => by.surface === 'cli';

const targetChanged = 'The alert’s machine changed after you pressed. Check the alert, then press again.';

async function viewFor(press: PressJob, { store }: PerformDeps): Promise<AlertView> {
  const alert = await store.alerts.get(press.alertId);
  if (!alert) throw new Refusal('This alert has expired.');
  if (press.target !== targetOf(alert)) throw new Refusal(targetChanged);
  return store.measures.viewOf(alert);
}

/**
 * The press with the subscriptions that the presser's right is limited to.
 * @throws {Refusal} if they are not allowed
 */
async function authorized(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<CheckedPress> {
  if (isByRunwatch(press)) return press;
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

/** Why this person may not do this to the alert, as text for them; null if they may. */
async function refusalOnAlert(
  action: Action,
  rights: readonly string[],
  press: PressJob,
  alert: Alert,
  deps: PerformDeps,
): Promise<string | null> {
  const answers = action.right === 'asked';
  if (isCallerOf(alert, press.by) && !answers && action.id !== 'add_note')
    return 'You are the caller of this alert, so you may only answer the question and add notes. Ask another responder.';
  if (isCallerOf(alert, press.by)) return null;
  if (answers) return 'Someone else was asked this question.';
  const subscriptions = new Set(alert.executions.map(({ target }) => target.subscriptionId));
  for (const subscriptionId of subscriptions) {
    const refusal = await refusalOf(action, rights, press, subscriptionId, deps);
    if (refusal) return refusal;
  }
  return null;
}

/** Why this person may not do some part of this in the subscription; null if they may. */
async function refusalOf(
  { right }: Action,
  rights: readonly string[],
  { by }: PressJob,
  subscriptionId: string,
  { config, inGroup, mayRead }: PerformDeps,
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
async function approvalNeeded(
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
    why: special?.why ?? 'this action requires two people here',
    pin: pinOf(action, press, view),
    timeoutMs: special?.timeoutMs ?? (isException ? exceptionApprovalTimeoutMs : approvalTimeoutMs),
  };
}

function whatOf(action: Action, view: AlertView | null): string {
  const [machine] = view ? theMachine(view) : [];
  const where = machine ? `: ${machine.name}` : view ? `: ${view.alert.id}` : '';
  return `${action.name}${where}`;
}

async function run(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<void> {
  await note(press, await runAction(action, press, view, deps), deps);
}

/** @throws transient failures, so that the job is retried, and {@link Refusal}s */
async function runAction(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<PressResult> {
  try {
    const answer =
      action.about === 'alert'
        ? await action.run(view as AlertView, press, deps)
        : await action.run(press, deps);
    return { result: await resultOf(press, deps), text: answer ?? '' };
  } catch (error) {
    if (error instanceof Refusal || (isTransient(error) && !press.lastTry)) throw error;
    return { result: 'failed', text: await fail(press, error as Error, action, deps) };
  }
}

/** A failed measure reports its own failure; the press counts as failed too. */
async function resultOf(press: PressJob, { store }: PerformDeps): Promise<PressResult['result']> {
  if (!press.alertId) return 'done';
  const alert = await store.alerts.get(press.alertId);
  const { measures } = alert ? await store.measures.viewOf(alert) : { measures: [] };
  const isMine = ({ press: by }: { press: string }) =>
    by === press.pressId || by.startsWith(`${press.pressId}.`);
  return measures.some((one) => one.state === 'failed' && isMine(one)) ? 'failed' : 'done';
}

/** Stores the result of a press and sends it to the presser. */
async function note(press: PressJob, result: PressResult, deps: PerformDeps): Promise<void> {
  logPress(press, result.result, deps);
  deps.metrics.presses.inc({ action: press.action, result: result.result });
  if (result.text) await deps.replyPrivately(press, result.text);
  await deps.store.pressResults.note(press.pressId, result);
}

/** Logs one line per press, to match with the audit log. */
function logPress(press: PressJob, result: string, { log, metrics, now }: PerformDeps): void {
  const { alertId, action, pressId, by, at } = press;
  log.info({ alertId, action, pressId, by: by.id, surface: by.surface, result }, 'a press');
  metrics.pressSeconds.observe({ surface: by.surface }, Math.max(0, (now() - Date.parse(at)) / 1000));
}

async function refuse(press: PressJob, text: string, deps: PerformDeps): Promise<void> {
  const alert = await deps.store.alerts.get(press.alertId);
  await deps.store.audit.append([auditOf(press, alert, 'refused', text)], press.pressId);
  await note(press, { result: 'refused', text }, deps);
}

/** Shows the failure on the alert until it is retried or dismissed. Returns the text for the presser. */
async function fail(
  press: PressJob,
  error: Error,
  action: Action,
  { store, show, log }: PerformDeps,
): Promise<string> {
  const message = redactSecrets(error.message);
  const text = `${action.name} did not go through: ${remedyOf(error)}${message}.`;
  log.error({ error, action: press.action, alertId: press.alertId }, 'an action failed');
  if (!press.alertId) {
    await store.audit.append([auditOf(press, null, 'failed', message)], press.pressId);
    return text;
  }
  await store.alerts.update(press.alertId, (current) =>
    current && !current.pressesDone.includes(press.pressId)
      ? {
          alert: {
            ...withPress(current, press),
            activity: { action: press.action, text, at: press.at, failed: true, input: press.input },
          },
          audit: [auditOf(press, current, 'failed', message)],
        }
      : null,
  );
  await show(press.alertId);
  return text;
}
