import type { Action, ActionDeps, AlertAction, CheckedPress, FreeAction, PressJob } from '../actions/action';
import { auditOf } from '../actions/audit-of';
import { failUnderWay, isPassing, remedyOf } from '../actions/carry-out';
import { withPress } from '../actions/record';
import { actionOf } from '../actions/registry';
import { theMachine } from '../actions/targets';
import type { Identified } from '../chat/surface-press';
import { type Alert, isCallerOf } from '../domain/alerts/alert';
import { Refusal } from '../domain/alerts/transitions';
import type { AlertView } from '../domain/measures/alert-view';
import { approvalHoldsMs, exceptionApprovalHoldsMs } from '../domain/measures/approval';
import type { Presser } from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { plainLine } from '../domain/text/plain-text';
import { redactSecrets } from '../domain/text/redactor';
import { shortDigest } from '../domain/text/short-digest';
import type { Metrics } from '../runtime/metrics';
import type { PressResult } from '../store/press-results';
import {
  type Asked,
  approvalFor,
  approve,
  askForApproval,
  decline,
  noteCarriedOut,
  sameAsked,
  sayOnNotice,
} from './approvals';
import { type InGroup, limitOf, refusalFor } from './authorize';
import { isSigned, targetOf } from './press';
import { pressSchema, readInput } from './press-input';
import { rightsFor, wantsFourEyes } from './rights';

export interface PerformDeps extends ActionDeps {
  inGroup: InGroup;
  mayRead: (presser: Presser) => Promise<boolean>;
  metrics: Metrics;
  /** Asks the surface who pressed, and whether it vouches for them. */
  identify: (press: PressJob) => Promise<Identified>;
  /** Tells the presser something that only they see. */
  whisper: (press: PressJob, text: string) => Promise<void>;
}

/** How often a passing failure is tried again before the alert says that it failed. */
const maxAttempts = 6;

/** A press that waited longer than this is not done any more: whoever pressed has long looked elsewhere. */
const pressHoldsMs = 86_400_000;

/**
 * Does what was pressed: checks the job, the person and their right, runs the action and audits it. Refusals are answered
 * in private.
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
    // An earlier try may have begun what this one may not go on with.
    if (attempt > 1) await failUnderWay(press.pressId, error.message.replace(/\.$/, ''), deps);
    return refuse(press, error.message, deps);
  }
}

/** The press of a job, whole, signed by us, by somebody whom their surface vouches for; null when it was refused. */
async function checkPress(
  queued: unknown,
  attempt: number,
  deps: PerformDeps,
): Promise<{ press: CheckedPress; action: Action } | null> {
  const parsed = pressSchema.safeParse(queued);
  const action = actionOf(parsed.data?.action ?? '');
  if (!parsed.success || !action) {
    deps.log.error({ issue: parsed.error?.issues[0]?.message }, 'a job that is no press was refused');
    deps.metrics.presses.inc({ action: 'unknown', result: 'refused' });
    return null;
  }
  const job: PressJob = parsed.data;
  if (!isSigned(job, deps.keyring)) {
    await refuseUnsigned(job, deps);
    return null;
  }
  if (deps.now() - Date.parse(job.at) > pressHoldsMs) {
    await failUnderWay(job.pressId, 'Runwatch stopped while this was under way', deps);
    await refuse(job, 'You pressed this more than a day ago, so it was not done. Press again.', deps);
    return null;
  }
  const known = await deps.store.pressResults.get(job.pressId);
  if (known && known.result !== 'asked') return null;
  const identified = await identifyPress(job, action, deps);
  if ('refused' in identified) {
    if (attempt > 1) await failUnderWay(job.pressId, identified.refused.replace(/\.$/, ''), deps);
    await refuse(job, identified.refused, deps);
    return null;
  }
  return { press: { ...identified.press, lastTry: attempt >= maxAttempts }, action };
}

const isOurs = ({ by }: PressJob) => by.surface === 'runwatch';

/** The press with who it is by and what was filled in, both checked. */
async function identifyPress(
  job: PressJob,
  action: Action,
  deps: PerformDeps,
): Promise<{ press: PressJob } | { refused: string }> {
  const known = isOurs(job) ? { presser: job.by } : await deps.identify(job);
  if ('refused' in known) return known;
  const read = readInput(action, job.input);
  return 'refused' in read ? read : { press: { ...job, by: known.presser, input: read.input } };
}

/** A press that nobody signed does nothing, and is listed, so that whoever pressed before an upgrade can press again. */
async function refuseUnsigned(press: PressJob, deps: PerformDeps): Promise<void> {
  const unsigned = press.signature === undefined;
  const why = unsigned
    ? 'This press was queued without a signature, by an older version or by somebody else. Press again.'
    : 'The signature of this press does not fit: RUNWATCH_SECRET differs between processes, or somebody wrote into Redis. Press again.';
  deps.log.error(
    { pressId: press.pressId, action: press.action, alertId: press.alertId, unsigned },
    'a press was not done: its signature does not fit',
  );
  const { pressId, alertId, action, by, at } = press;
  const who = plainLine(by.name, 80);
  await deps.store.pressAgain.note({ pressId, alertId, action, by: who, at });
  await tellToPressAgain(`${who}: ${action.replaceAll('_', ' ')} on ${plainLine(alertId, 40)}`, deps);
  // Under an id of its own: a forged press must not keep the real one with its id from being audited.
  await refuse({ ...press, pressId: `unsigned-${shortDigest(canonicalJson(press))}` }, why, deps);
}

const pressAgainHead =
  'Presses that were queued without a signature were not done, most likely since an older version left them. Please press again:';
/** One notice an hour, with this many lines. */
const pressAgainLines = 20;

async function tellToPressAgain(line: string, { store, now, postNotice }: PerformDeps): Promise<void> {
  const id = `notice-press-again-${new Date(now()).toISOString().slice(0, 13)}`;
  const text = `${pressAgainHead}\n• ${line}`;
  await store.deliveries.changeNotice(
    id,
    (notice) =>
      notice.text.includes(line) || notice.text.split('\n').length > pressAgainLines
        ? notice
        : { ...notice, text: `${notice.text}\n• ${line}` },
    store.surfaces,
  );
  await postNotice({ id, text });
}

/** Runs an action by a press that is known to be somebody's, if they may and one person is enough. */
async function performChecked(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  deps: PerformDeps,
): Promise<void> {
  const view = action.about === 'alert' ? await viewFor(press, deps) : null;
  const allowed = await authorized(action, press, view, deps);
  if (action.about !== 'alert' && action.onlyApproved) throw new Refusal('That needs an approval.');
  const wanted = await whyApproval(action, allowed, view, deps);
  if (!wanted) return run(action, allowed, view, deps);
  const same = (await sameAsked(allowed, deps)) ?? (await askForApproval(allowed, wanted, deps));
  if (same.job.pressId !== press.pressId) {
    const complete = await approve(same, allowed, deps);
    if (complete) return carryOutApproved(complete, allowed, deps);
    return note(allowed, { result: 'asked', text: 'Noted. One more responder must approve it.' }, deps);
  }
  const { until } = same;
  const when = `${until.slice(11, 16)} UTC${wanted.holdsMs > 3_600_000 ? ` on ${until.slice(0, 10)}` : ''}`;
  const text = `Not done yet: ${wanted.why}. A second, different responder must approve it by ${when}.`;
  await note(allowed, { result: 'asked', text }, deps);
}

/** Approves or declines what another person asked for; who approves must have the right to it themselves. */
async function decide(action: FreeAction, press: CheckedPress, deps: PerformDeps): Promise<void> {
  const found = await approvalFor(press, deps);
  const { action: wanted, view } = await askedAction(found, deps);
  const asIf = { ...found.job, by: press.by };
  const allowed = await authorized(wanted, { ...asIf, lastTry: press.lastTry }, view, deps);
  if (action.id === 'decline') {
    const how = await decline(found, press, deps);
    const text = how === 'cancelled' ? 'withdrew it' : 'declined it';
    await sayOnNotice(found, `${plainLine(press.by.name, 80)} ${text}.`, deps);
    return note(press, { result: 'done', text: how === 'cancelled' ? 'Withdrawn.' : 'Declined.' }, deps);
  }
  // Whoever may add exceptions for some subscriptions only may approve them for those only.
  await wanted.approval?.(allowed, deps);
  const complete = await approve(found, press, deps);
  if (!complete)
    return note(
      press,
      { result: 'asked', text: 'Noted. A second, different responder must approve it too.' },
      deps,
    );
  await carryOutApproved(complete, press, deps);
}

async function askedAction(
  { job }: Asked,
  deps: PerformDeps,
): Promise<{ action: AlertAction | FreeAction; view: AlertView | null }> {
  const action = actionOf(job.action);
  if (!action || action.about === 'approval') throw new Refusal('That action does not exist any more.');
  return { action, view: action.about === 'alert' ? await viewFor(job, deps) : null };
}

/** Does what was asked for, as its asker's press, on every try of the press that approved it. */
async function carryOutApproved(approval: Asked, press: CheckedPress, deps: PerformDeps): Promise<void> {
  const { store, now } = deps;
  const who = plainLine(press.by.name, 80);
  let asker: PressJob = approval.job;
  let result: PressResult;
  try {
    const { action, view } = await askedAction(approval, deps);
    const asked = await identifyPress(approval.job, action, deps);
    if ('refused' in asked) throw new Refusal(`Whoever asked for it may not any more: ${asked.refused}`);
    const job = { ...asked.press, approvedBy: press.by, lastTry: press.lastTry };
    asker = job;
    if (pinOf(action, job, view) !== approval.pin)
      throw new Refusal('The alert is about other machines or roles than when it was asked for. Ask again.');
    const allowed = isPersonless(job) ? job : await authorized(action, job, view, deps);
    result = await runTold(action, allowed, view, deps);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    result = { result: 'refused', text: error.message };
    await failUnderWay(asker.pressId, error.message.replace(/\.$/, ''), deps);
    const audit = auditOf({ ...asker, at: new Date(now()).toISOString() }, null, 'refused', error.message);
    await store.audit.append([audit], `${asker.pressId} refused`);
  }
  await noteCarriedOut(approval, deps);
  await sayOnNotice(approval, `${who} approved it. ${result.text}`.trim(), deps);
  await note(asker, result, deps);
  await note(press, result, deps);
}

/** What an approval is for beside the action and what was filled in; null where that says it all. */
function pinOf(action: Action, press: PressJob, view: AlertView | null): string | null {
  if (!view || action.about !== 'alert') return null;
  const actions = [action, ...rightsFor(action, press.input ?? {}, view).map(actionOf)];
  const targets = actions.flatMap((one) => (one?.about === 'alert' ? (one.pinnedTo?.(view) ?? []) : []));
  return targets.length > 0 ? shortDigest(...[...new Set(targets)].sort()) : null;
}

/** What a command asked for is done by those who approved it. */
const isPersonless = ({ by }: PressJob) => by.surface === 'cli';

const movedOn =
  'The alert is about another machine than when you pressed. Look at it again, then press again.';

async function viewFor(press: PressJob, { store }: PerformDeps): Promise<AlertView> {
  const alert = await store.alerts.get(press.alertId);
  if (!alert) throw new Refusal('This alert has expired.');
  if (press.target !== targetOf(alert)) throw new Refusal(movedOn);
  return store.measures.viewOf(alert);
}

/**
 * The press with the subscriptions that the presser's right is limited to.
 * @throws {Refusal} where they may not
 */
async function authorized(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<CheckedPress> {
  if (isOurs(press)) return press;
  const rights = rightsFor(action, press.input ?? {}, view);
  const allowedIn = await limitOf(rights[0] ?? action.id, press.by, deps.config.responders, deps.inGroup);
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

/** Why this person may not do this to the alert, in words for them; null when they may. */
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
  if (answers) return 'The question was put to somebody else.';
  const subscriptions = new Set(alert.executions.map(({ target }) => target.subscriptionId));
  for (const subscriptionId of subscriptions) {
    const refusal = await refusalOf(action, rights, press, subscriptionId, deps);
    if (refusal) return refusal;
  }
  return null;
}

/** Why this person may not do this there, for any part of it; null when they may. */
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

/** Why one person is not enough for this press; null when they are. */
async function whyApproval(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<{ what: string; why: string; holdsMs: number; pin: string | null } | null> {
  if (isOurs(press)) return null;
  const special = await action.approval?.(press, deps);
  const four = wantsFourEyes(action, press.input ?? {}, view, deps.config.policy, actionOf);
  if (!special && !four) return null;
  const isException = action.about === 'exception' || action.id.includes('exception');
  return {
    what: special?.what ?? whatOf(action, view),
    why: special?.why ?? 'this action wants two people here',
    pin: pinOf(action, press, view),
    holdsMs: special?.holdsMs ?? (isException ? exceptionApprovalHoldsMs : approvalHoldsMs),
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
  await note(press, await runTold(action, press, view, deps), deps);
}

/** @throws what passes by itself, so that the job is tried again, and {@link Refusal}s */
async function runTold(
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
    if (error instanceof Refusal || (isPassing(error) && !press.lastTry)) throw error;
    return { result: 'failed', text: await fail(press, error as Error, action, deps) };
  }
}

/** A measure that failed says so itself; the press failed with it. */
async function resultOf(press: PressJob, { store }: PerformDeps): Promise<PressResult['result']> {
  if (!press.alertId) return 'done';
  const alert = await store.alerts.get(press.alertId);
  const { measures } = alert ? await store.measures.viewOf(alert) : { measures: [] };
  const isMine = ({ press: by }: { press: string }) =>
    by === press.pressId || by.startsWith(`${press.pressId}.`);
  return measures.some((one) => one.state === 'failed' && isMine(one)) ? 'failed' : 'done';
}

/** Notes what came of a press, and tells it to whoever pressed. */
async function note(press: PressJob, result: PressResult, deps: PerformDeps): Promise<void> {
  tellLog(press, result.result, deps);
  deps.metrics.presses.inc({ action: press.action, result: result.result });
  if (result.text) await deps.whisper(press, result.text);
  await deps.store.pressResults.note(press.pressId, result);
}

/** One line a press, by which it is found beside the audit log. */
function tellLog(press: PressJob, result: string, { log, metrics, now }: PerformDeps): void {
  const { alertId, action, pressId, by, at } = press;
  log.info({ alertId, action, pressId, by: by.id, surface: by.surface, result }, 'a press');
  metrics.pressSeconds.observe({ surface: by.surface }, Math.max(0, (now() - Date.parse(at)) / 1000));
}

async function refuse(press: PressJob, text: string, deps: PerformDeps): Promise<void> {
  const alert = await deps.store.alerts.get(press.alertId);
  await deps.store.audit.append([auditOf(press, alert, 'refused', text)], press.pressId);
  await note(press, { result: 'refused', text }, deps);
}

/** Says on the alert that it failed, until it is retried or dismissed. Answers what to tell the presser. */
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
