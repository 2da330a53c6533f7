import { actionIds } from '../alerts/action-ids';
import { type Alert, isCallerOf, type Presser } from '../alerts/alert';
import { shortDigest } from '../alerts/digest';
import { plainLine } from '../alerts/plain-text';
import { is } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import { areTwoPeople } from '../alerts/two-people';
import { AzureError } from '../azure/errors';
import { canonicalJson } from '../canonical-json';
import type { Identified } from '../chat/press';
import type { Keyring } from '../keyring';
import type { Metrics } from '../metrics';
import { redactSecrets } from '../redactor';
import { changeListed, isListed, reviewAccessNow } from './access-review';
import { acknowledge } from './acknowledge';
import { addException, confirmException } from './add-exception';
import { addNote } from './add-note';
import { answer, askCaller } from './ask-caller';
import { assign, assignTo } from './assign';
import { auditOf } from './audit-of';
import { type InGroup, refusalFor } from './authorize';
import { withPress } from './change-state';
import { cleanUp } from './clean-up';
import { close, reopen } from './close';
import { decideException, isApproval } from './decide-exception';
import { disableCaller, enableCaller } from './disable-caller';
import { endActivation } from './end-activation';
import { escalate } from './escalate';
import { investigate } from './investigate';
import { isolate, release } from './isolate';
import { isolateWith } from './isolate-with';
import { lock, unlock } from './lock';
import { measure } from './measure';
import { addMember, removeMember } from './membership';
import { deallocate, restart, startMachine } from './power';
import { isSigned, targetOf } from './press';
import { pressSchema, readInput } from './press-input';
import { attachIp, detachIp } from './public-ip';
import { quickException, undoException } from './quick-exception';
import type { PressJob, Response, ResponseDeps } from './response';
import { restoreDisk, restoreOldDisk } from './restore-disk';
import { isReview, reviewException } from './review-exception';
import { restoreRole, revokeRole } from './revoke-role';
import { rightsFor, wantsFourEyes } from './rights';
import { showRoles } from './show-roles';
import { snapshot } from './snapshot';
import { unwatch, watch } from './watch';

export const responses: readonly Response[] = [
  acknowledge,
  close,
  reopen,
  addException,
  isolate,
  release,
  showRoles,
  assign,
  lock,
  unlock,
  revokeRole,
  restoreRole,
  snapshot,
  askCaller,
  answer,
  escalate,
  quickException,
  undoException,
  confirmException,
  assignTo,
  investigate,
  addNote,
  isolateWith,
  restart,
  deallocate,
  startMachine,
  detachIp,
  attachIp,
  removeMember,
  addMember,
  endActivation,
  disableCaller,
  enableCaller,
  cleanUp,
  restoreDisk,
  restoreOldDisk,
  watch,
  unwatch,
  reviewAccessNow,
].filter((response) => response !== undefined);

export interface PerformDeps extends ResponseDeps {
  inGroup: InGroup;
  mayRead: (presser: Presser) => Promise<boolean>;
  /** The subscriptions that somebody's right to an action is limited to; undefined where it is not. */
  limitOf: (press: PressJob) => Promise<readonly string[] | undefined>;
  metrics: Metrics;
  keyring: Keyring;
  /** Asks the surface who pressed, and whether it vouches for them. */
  identify: (press: PressJob) => Promise<Identified>;
  /** Tells the presser something that only they see. */
  whisper: (press: PressJob, text: string) => Promise<void>;
}

/** A failure that trying again mends; the rest is told and ends. */
const passing = (error: unknown) =>
  !(error instanceof AzureError) ||
  error.statusCode === 0 ||
  error.statusCode === 429 ||
  error.statusCode >= 500;

/** How often a passing failure is tried again before the alert says that it failed. */
const maxAttempts = 6;

/**
 * Does what was pressed: checks the job, the person and their right, runs the response and audits it. Refusals are
 * answered in private.
 */
export async function perform(queued: unknown, attempt: number, deps: PerformDeps): Promise<void> {
  const checked = await checkPress(queued, deps);
  if (!checked) return;
  const press = checked;
  if (isReview(press.action) || isListed(press.action) || isApproval(press.action))
    return withoutAlert(press, deps);
  const { store, metrics } = deps;
  const response = responses.find((candidate) => candidate.action === press.action);
  const alert = await store.alerts.get(press.alertId);
  if (!alert || !response) {
    const text = alert ? 'That is not available yet.' : 'That alert is no longer kept.';
    return refuse(press, text, deps);
  }
  press.allowedIn = isOurs(press) ? undefined : await deps.limitOf(press);
  const refusal = press.target === targetOf(alert) ? await whyNot(press, alert, response, deps) : movedOn;
  if (refusal) return refuse(press, refusal, deps);
  if (await waitsForSecond(press, alert, deps)) return;
  try {
    const answer = await response.run(alert, press, deps);
    metrics.presses.inc({ action: press.action, result: 'done' });
    tellLog(press, 'done', deps);
    if (answer) await deps.whisper(press, answer);
    await deps.store.pressesDone.note(press.pressId);
  } catch (error) {
    if (error instanceof Refusal) return refuse(press, error.message, deps);
    if (passing(error) && attempt < maxAttempts) throw error;
    await fail(press, error as Error, response, deps);
  }
}

const movedOn =
  'The alert is about another machine than when you pressed. Look at it again, then press again.';

/** A press that waited longer than this is not done any more: whoever pressed has long looked elsewhere. */
const pressHoldsMs = 86_400_000;

/** The press of a job, whole, signed by us, by somebody whom their surface vouches for; null when it was refused. */
async function checkPress(queued: unknown, deps: PerformDeps): Promise<PressJob | null> {
  const parsed = pressSchema.safeParse(queued);
  const action = actionIds.find((id) => id === parsed.data?.action);
  if (!parsed.success || !action) {
    deps.log.error({ issue: parsed.error?.issues[0]?.message }, 'a job that is no press was refused');
    deps.metrics.presses.inc({ action: 'unknown', result: 'refused' });
    return null;
  }
  const press: PressJob = { ...parsed.data, action };
  if (!isSigned(press, deps.keyring)) {
    await refuseUnsigned(press, deps);
    return null;
  }
  if (deps.now() - Date.parse(press.at) > pressHoldsMs) {
    await refuse(press, 'You pressed this more than a day ago, so it was not done. Press again.', deps);
    return null;
  }
  if (await deps.store.pressesDone.has(press.pressId)) return null;
  const known = isOurs(press) ? { presser: press.by } : await deps.identify(press);
  if ('refused' in known) {
    await refuse(press, known.refused, deps);
    return null;
  }
  const by = known.presser;
  const read = readInput(action, press.input);
  if ('refused' in read) {
    await refuse({ ...press, by }, read.refused, deps);
    return null;
  }
  return { ...press, by, input: read.input };
}

const isOurs = ({ by }: PressJob) => by.surface === 'runwatch';

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

/** Why this person may not do this to the alert, in words for them; null when they may. */
async function whyNot(
  press: PressJob,
  alert: Alert,
  { needs }: Response,
  deps: PerformDeps,
): Promise<string | null> {
  if (isOurs(press)) return null;
  const answers = press.action === 'answer';
  if (isCallerOf(alert, press.by) && !answers && press.action !== 'add_note')
    return 'You are the caller of this alert, so you may only answer the question and add notes. Ask another responder.';
  if (isCallerOf(alert, press.by)) return null;
  if (answers) return 'The question was put to somebody else.';
  const subscriptions = new Set(alert.executions.map(({ target }) => target.subscriptionId));
  for (const subscriptionId of subscriptions) {
    const refusal = await refusalOf(press, needs, subscriptionId, deps);
    if (refusal) return refusal;
  }
  return null;
}

/** Why this person may not do this there, for any part of it; null when they may. */
async function refusalOf(
  press: PressJob,
  needs: Response['needs'],
  subscriptionId: string,
  { config, inGroup, mayRead }: PerformDeps,
): Promise<string | null> {
  for (const action of rightsFor(press)) {
    const asked = { action, needs, presser: press.by, subscriptionId };
    const refusal = await refusalFor(asked, config.responders, inGroup, mayRead);
    if (refusal) return refusal;
  }
  return null;
}

/**
 * What is about no alert: an exception's review, which its owner may press too, a broad exception that waits for approval,
 * or an access review's assignments.
 */
async function withoutAlert(press: PressJob, deps: PerformDeps): Promise<void> {
  const exception = await deps.store.exceptions.get(String(press.input?.exceptionId ?? ''));
  const mayOwn = press.action === 'keep_exception' || press.action === 'remove_exception';
  const isOwner = mayOwn && press.by.email !== undefined && is(exception?.owner ?? '', press.by.email);
  const [, reviewId = ''] = String(press.input?.choice ?? '').split(' ');
  const review = isListed(press.action) ? await deps.store.reviews.get(reviewId) : null;
  const subscriptionId = review?.scope.split('/')[2] ?? '';
  press.allowedIn = isOwner ? undefined : await deps.limitOf(press);
  const place = press.allowedIn?.[0] ?? '';
  const refusal = isOwner ? null : await refusalOf(press, 'responder', subscriptionId || place, deps);
  if (refusal) return refuse(press, refusal, deps);
  if (isListed(press.action) && wantsFourEyes(press, deps.config.policy))
    return refuse(
      press,
      'This wants a second responder: revoke it from an alert, where two can press.',
      deps,
    );
  try {
    const text = isReview(press.action)
      ? await reviewException({ ...press, action: press.action }, deps)
      : isApproval(press.action)
        ? await decideException({ ...press, action: press.action }, deps)
        : await changeListed(press, deps);
    deps.metrics.presses.inc({ action: press.action, result: 'done' });
    await deps.whisper(press, text);
    await deps.store.pressesDone.note(press.pressId);
  } catch (error) {
    if (error instanceof Refusal) return refuse(press, error.message, deps);
    if (passing(error)) throw error;
    const { remedy = '' } = error as Partial<AzureError>;
    await refuse(press, redactSecrets(`It did not go through: ${remedy}. ${(error as Error).message}`), deps);
  }
}

/** How long a press waits for a second responder. */
const secondWithinMs = 15 * 60_000;

/** Four eyes: the first press only asks; a second, different responder's does it, if it asks for the very same. */
async function waitsForSecond(press: PressJob, alert: Alert, deps: PerformDeps): Promise<boolean> {
  if (isOurs(press) || !wantsFourEyes(press, deps.config.policy)) return false;
  const noted = alert.measures.waiting?.[press.action];
  if (noted?.approvedBy === press.pressId) return false;
  if (alert.pressesDone.includes(press.pressId)) return true;
  const first = noted?.approvedBy ? undefined : noted;
  const fresh =
    first &&
    Date.parse(press.at) - Date.parse(first.at) <= secondWithinMs &&
    JSON.stringify(first.input ?? {}) === JSON.stringify(press.input ?? {});
  const rest = Object.fromEntries(
    Object.entries(alert.measures.waiting ?? {}).filter(([action]) => action !== press.action),
  );
  if (fresh && areTwoPeople(first.by, press.by)) {
    await deps.store.alerts.update(alert.id, (current) =>
      current
        ? {
            alert: {
              ...current,
              measures: {
                ...current.measures,
                waiting: { ...rest, [press.action]: { ...first, approvedBy: press.pressId } },
              },
            },
          }
        : null,
    );
    return false;
  }
  if (fresh) {
    await refuse(press, 'A second, different responder must press it too, in the same chat.', deps);
    return true;
  }
  await measure(
    press,
    deps,
    () => ({ waiting: { ...rest, [press.action]: { by: press.by, at: press.at, input: press.input } } }),
    'asked',
  );
  await deps.whisper(press, 'Noted. A second, different responder must press it too within 15 minutes.');
  return true;
}

/** One line a press, by which it is found beside the audit log. */
function tellLog(press: PressJob, result: string, { log, metrics, now }: PerformDeps): void {
  const { alertId, action, pressId, by, at } = press;
  log.info({ alertId, action, pressId, by: by.id, surface: by.surface, result }, 'a press');
  metrics.pressSeconds.observe({ surface: by.surface }, Math.max(0, (now() - Date.parse(at)) / 1000));
}

async function refuse(press: PressJob, text: string, deps: PerformDeps): Promise<void> {
  const { store, metrics, whisper } = deps;
  tellLog(press, 'refused', deps);
  const alert = await store.alerts.get(press.alertId);
  await store.audit.append([auditOf(press, alert, 'refused', text)], press.pressId);
  metrics.presses.inc({ action: press.action, result: 'refused' });
  await whisper(press, text);
}

async function fail(
  press: PressJob,
  error: Error,
  response: Response,
  { store, metrics, whisper, show, log }: PerformDeps,
): Promise<void> {
  const remedy = error instanceof AzureError && error.statusCode === 403 ? `${error.remedy}. ` : '';
  const message = redactSecrets(error.message);
  const text = `${response.title} did not go through: ${remedy}${message}.`;
  log.error({ error, action: press.action, alertId: press.alertId }, 'a response failed');
  await store.alerts.update(press.alertId, (current) =>
    current && !current.pressesDone.includes(press.pressId)
      ? {
          alert: withPress(
            { ...current, activity: { action: press.action, text, at: press.at, failed: true } },
            press,
          ),
          audit: [auditOf(press, current, 'failed', message)],
        }
      : null,
  );
  metrics.presses.inc({ action: press.action, result: 'failed' });
  await show(press.alertId);
  await whisper(press, text);
}
