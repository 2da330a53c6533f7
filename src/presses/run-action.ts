import type { Action, AlertAction, CheckedPress, FreeAction, PressJob } from '../actions/action';
import { auditOf } from '../actions/audit-of';
import { isTransient, reasonOf } from '../actions/measures/failures';
import { withPress } from '../actions/record';
import { Refusal } from '../domain/alerts/transitions';
import type { AlertView } from '../domain/measures/alert-view';
import { redactSecrets } from '../domain/text/redactor';
import { t, translate } from '../domain/text/translate';
import { span } from '../runtime/tracing';
import type { PressResult } from '../store/press-results';
import type { PerformDeps } from './perform-deps';
import { note } from './press-result';

export async function run(
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<void> {
  await note(press, await runAction(action, press, view, deps), deps);
}

/** Shows the failure on the alert until it is retried or dismissed. Returns the text for the presser. */
export async function fail(
  press: PressJob,
  error: Error,
  action: Action,
  { store, show, log }: PerformDeps,
): Promise<string> {
  const message = redactSecrets(error.message);
  const text = t`${translate(action.name)} did not go through: ${reasonOf(error, message)}.`;
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

/** A failed measure reports its own failure; the press counts as failed too. */
export async function resultOf(press: PressJob, { store }: PerformDeps): Promise<PressResult['result']> {
  if (!press.alertId) return 'done';
  const alert = await store.alerts.get(press.alertId);
  const { measures } = alert ? await store.measures.viewOf(alert) : { measures: [] };
  const isMine = ({ press: by }: { press: string }) =>
    by === press.pressId || by.startsWith(`${press.pressId}.`);
  return measures.some((one) => one.state === 'failed' && isMine(one)) ? 'failed' : 'done';
}

/** @throws transient failures, so that the job is retried, and {@link Refusal}s */
export const runAction = (
  action: AlertAction | FreeAction,
  press: CheckedPress,
  view: AlertView | null,
  deps: PerformDeps,
): Promise<PressResult> =>
  span('run action', { 'runwatch.action': action.id }, async ({ set }) => {
    const result = await runOrFail(action, press, view, deps);
    set({ 'runwatch.outcome': result.result });
    return result;
  });

async function runOrFail(
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
