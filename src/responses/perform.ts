import { summarize } from '../alerts/alert';
import { Refusal } from '../alerts/transitions';
import { AzureError } from '../azure/errors';
import type { Config } from '../config';
import type { Metrics } from '../metrics';
import { acknowledge } from './acknowledge';
import { addException } from './add-exception';
import { auditOf } from './audit-of';
import { type InGroup, refusalFor } from './authorize';
import { withPress } from './change-state';
import { close, reopen } from './close';
import { isolate, release } from './isolate';
import type { PressJob, Response, ResponseDeps } from './response';
import { showRoles } from './show-roles';

export const responses: readonly Response[] = [
  acknowledge,
  close,
  reopen,
  addException,
  isolate,
  release,
  showRoles,
];

export interface PerformDeps extends ResponseDeps {
  config: Pick<Config, 'responders'>;
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
  const { store, metrics, config } = deps;
  const response = responses.find((candidate) => candidate.action === press.action);
  const alert = await store.alerts.get(press.alertId);
  if (!alert || !response) {
    const text = alert ? 'That is not available yet.' : 'That alert is no longer kept.';
    await refuse(press, text, deps);
    return;
  }
  const { subscriptionId } = summarize(alert).target;
  const refusal = await refusalFor(
    { action: press.action, needs: response.needs, presser: press.by, subscriptionId },
    config.responders,
    deps.inGroup,
  );
  if (refusal) {
    await refuse(press, refusal, deps);
    return;
  }
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
  const remedy = error instanceof AzureError ? ` ${error.remedy}.` : '';
  const text = `${response.title} did not go through: ${error.message}.${remedy}`;
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
