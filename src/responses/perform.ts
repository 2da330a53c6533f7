import { type Alert, summarize } from '../alerts/alert';
import { is } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import { AzureError } from '../azure/errors';
import type { Metrics } from '../metrics';
import { changeListed, isListed, reviewAccessNow } from './access-review';
import { acknowledge } from './acknowledge';
import { addException, confirmException } from './add-exception';
import { addNote } from './add-note';
import { askCaller } from './ask-caller';
import { assign, assignTo } from './assign';
import { auditOf } from './audit-of';
import { type InGroup, refusalFor } from './authorize';
import { withPress } from './change-state';
import { cleanUp } from './clean-up';
import { close, reopen } from './close';
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
  metrics: Metrics;
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

/** Does what was pressed: checks the person, runs the response, audits it; refusals are answered in private. */
export async function perform(press: PressJob, attempt: number, deps: PerformDeps): Promise<void> {
  if (isReview(press.action) || isListed(press.action)) return standing(press, deps);
  const { store, metrics } = deps;
  const response = responses.find((candidate) => candidate.action === press.action);
  const alert = await store.alerts.get(press.alertId);
  if (!alert || !response) {
    const text = alert ? 'That is not available yet.' : 'That alert is no longer kept.';
    await refuse(press, text, deps);
    return;
  }
  const { subscriptionId } = summarize(alert).target;
  const ours = press.by.surface === 'runwatch';
  const refusal = ours ? null : await refusalOf(press, response.needs, subscriptionId, deps);
  const isAnswer = press.input?.answer !== undefined && alert.measures.asked?.userId === press.by.id;
  if (refusal && !isAnswer) {
    await refuse(press, refusal, deps);
    return;
  }
  if (await waitsForSecond(press, alert, deps)) return;
  try {
    const answer = await response.run(alert, press, deps);
    metrics.presses.inc({ action: press.action, result: 'done' });
    if (answer) await deps.whisper(press, answer);
  } catch (error) {
    if (error instanceof Refusal) return refuse(press, error.message, deps);
    if (passing(error) && attempt < maxAttempts) throw error;
    await fail(press, error as Error, response, deps);
  }
}

/** Why this person may not do this there, for any part of it; null when they may. */
async function refusalOf(
  press: PressJob,
  needs: Response['needs'],
  subscriptionId: string,
  { config, inGroup }: PerformDeps,
): Promise<string | null> {
  for (const action of rightsFor(press)) {
    const asked = { action, needs, presser: press.by, subscriptionId };
    const refusal = await refusalFor(asked, config.responders, inGroup);
    if (refusal) return refusal;
  }
  return null;
}

/** What is about no alert: an exception's review, which its owner may press too, or an access review's assignments. */
async function standing(press: PressJob, deps: PerformDeps): Promise<void> {
  const exception = await deps.store.exceptions.get(String(press.input?.exceptionId ?? ''));
  const isOwner = press.by.email !== undefined && is(exception?.owner ?? '', press.by.email);
  const [, reviewId = ''] = String(press.input?.choice ?? '').split(' ');
  const review = isListed(press.action) ? await deps.store.reviews.get(reviewId) : null;
  const subscriptionId = review?.scope.split('/')[2] ?? '';
  const refusal = isOwner ? null : await refusalOf(press, 'responder', subscriptionId, deps);
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
      : await changeListed(press, deps);
    deps.metrics.presses.inc({ action: press.action, result: 'done' });
    await deps.whisper(press, text);
  } catch (error) {
    if (error instanceof Refusal) return refuse(press, error.message, deps);
    if (passing(error)) throw error;
    const { remedy = '' } = error as Partial<AzureError>;
    await refuse(press, `It did not go through: ${remedy}. ${(error as Error).message}`, deps);
  }
}

/** How long a press waits for a second responder. */
const secondWithinMs = 15 * 60_000;

/** Four eyes: the first press only asks; a second, different responder's does it, if it asks for the very same. */
async function waitsForSecond(press: PressJob, alert: Alert, deps: PerformDeps): Promise<boolean> {
  if (press.by.surface === 'runwatch' || !wantsFourEyes(press, deps.config.policy)) return false;
  if (alert.pressesDone.includes(press.pressId)) return true;
  const first = alert.measures.waiting?.[press.action];
  const fresh =
    first &&
    Date.parse(press.at) - Date.parse(first.at) <= secondWithinMs &&
    JSON.stringify(first.input ?? {}) === JSON.stringify(press.input ?? {});
  const rest = Object.fromEntries(
    Object.entries(alert.measures.waiting ?? {}).filter(([action]) => action !== press.action),
  );
  if (fresh && first.by.id !== press.by.id) {
    await deps.store.alerts.update(alert.id, (current) =>
      current ? { alert: { ...current, measures: { ...current.measures, waiting: rest } } } : null,
    );
    return false;
  }
  if (fresh) {
    await refuse(press, 'A second, different responder must press it too.', deps);
    return true;
  }
  await measure(press, deps, () => ({
    waiting: { ...rest, [press.action]: { by: press.by, at: press.at, input: press.input } },
  }));
  await deps.whisper(press, 'Noted. A second, different responder must press it too within 15 minutes.');
  return true;
}

async function refuse(
  press: PressJob,
  text: string,
  { store, metrics, whisper }: PerformDeps,
): Promise<void> {
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
  const text = `${response.title} did not go through: ${remedy}${error.message}.`;
  log.error({ error, action: press.action, alertId: press.alertId }, 'a response failed');
  await store.alerts.update(press.alertId, (current) =>
    current && !current.pressesDone.includes(press.pressId)
      ? {
          alert: withPress(
            { ...current, activity: { action: press.action, text, at: press.at, failed: true } },
            press,
          ),
          audit: [auditOf(press, current, 'failed', error.message)],
        }
      : null,
  );
  metrics.presses.inc({ action: press.action, result: 'failed' });
  await show(press.alertId);
  await whisper(press, text);
}
