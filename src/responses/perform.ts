import { type Alert, summarize } from '../alerts/alert';
import { is } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import { AzureError } from '../azure/errors';
import type { Config } from '../config';
import type { Metrics } from '../metrics';
import { acknowledge } from './acknowledge';
import { addException, confirmException } from './add-exception';
import { addNote } from './add-note';
import { askCaller } from './ask-caller';
import { assign, assignTo } from './assign';
import { auditOf } from './audit-of';
import { type InGroup, refusalFor } from './authorize';
import { withPress } from './change-state';
import { close, reopen } from './close';
import { escalate } from './escalate';
import { investigate } from './investigate';
import { isolate, release } from './isolate';
import { lock, unlock } from './lock';
import { measure } from './measure';
import { quickException, undoException } from './quick-exception';
import type { PressJob, Response, ResponseDeps } from './response';
import { isReview, type ReviewAction, reviewException } from './review-exception';
import { restoreRole, revokeRole } from './revoke-role';
import { showRoles } from './show-roles';
import { snapshot } from './snapshot';

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
];

export interface PerformDeps extends ResponseDeps {
  config: Pick<Config, 'responders' | 'policy'>;
  inGroup: InGroup;
  metrics: Metrics;
  /** Tells the presser something that only they see. */
  whisper: (press: PressJob, text: string) => Promise<void>;
}

/** Whoever may add exceptions may do it by one press, and take it back. */
const permittedAs = (action: PressJob['action']): PressJob['action'] =>
  action.endsWith('_exception')
    ? 'add_exception'
    : action === 'assign_to' || action === 'investigate'
      ? 'assign'
      : action === 'add_note'
        ? 'acknowledge'
        : action;

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
  if (isReview(press.action)) return review({ ...press, action: press.action }, deps);
  const { store, metrics, config } = deps;
  const response = responses.find((candidate) => candidate.action === press.action);
  const alert = await store.alerts.get(press.alertId);
  if (!alert || !response) {
    const text = alert ? 'That is not available yet.' : 'That alert is no longer kept.';
    await refuse(press, text, deps);
    return;
  }
  const { subscriptionId } = summarize(alert).target;
  const ours = press.by.surface === 'runwatch';
  const refusal = ours
    ? null
    : await refusalFor(
        { action: permittedAs(press.action), needs: response.needs, presser: press.by, subscriptionId },
        config.responders,
        deps.inGroup,
      );
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

/** A review's press is about an exception: its owner may press it, and whoever may add exceptions. */
async function review(press: PressJob & { action: ReviewAction }, deps: PerformDeps): Promise<void> {
  const exception = await deps.store.exceptions.get(String(press.input?.exceptionId ?? ''));
  const isOwner = press.by.email !== undefined && is(exception?.owner ?? '', press.by.email);
  const refusal = isOwner
    ? null
    : await refusalFor(
        { action: 'add_exception', needs: 'responder', presser: press.by, subscriptionId: '' },
        deps.config.responders,
        deps.inGroup,
      );
  if (refusal) return refuse(press, refusal, deps);
  try {
    const text = await reviewException(press, deps);
    deps.metrics.presses.inc({ action: press.action, result: 'done' });
    await deps.whisper(press, text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await refuse(press, error.message, deps);
  }
}

/** How long a press waits for a second responder. */
const secondWithinMs = 15 * 60_000;

/** Four eyes: the first press only asks; a second, different responder's does it. */
async function waitsForSecond(press: PressJob, alert: Alert, deps: PerformDeps): Promise<boolean> {
  if (!deps.config.policy.fourEyes?.includes(press.action)) return false;
  if (alert.pressesDone.includes(press.pressId)) return true;
  const first = alert.measures.waiting?.[press.action];
  const fresh = first && Date.parse(press.at) - Date.parse(first.at) <= secondWithinMs;
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
    waiting: { ...rest, [press.action]: { by: press.by, at: press.at } },
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
