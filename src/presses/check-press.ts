import type { Action, CheckedPress, PressJob } from '../actions/action';
import { failInProgress } from '../actions/measures/record-failure';
import { actionOf } from '../actions/registry';
import { canonicalJson } from '../domain/text/canonical-json';
import { plainLine } from '../domain/text/plain-text';
import { shortDigest } from '../domain/text/short-digest';
import { phrase, t, translate } from '../domain/text/translate';
import type { PerformDeps } from './perform-deps';
import { isSigned } from './press';
import { pressSchema, readInput } from './press-input';
import { refuse } from './press-result';

/**
 * Returns a job's press if it is complete, signed by us and from a person whom the surface vouches for.
 * Returns null if it was refused.
 */
export async function checkPress(
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
  if (action.optIn && !action.optIn(deps.config.policy)) {
    await refuse(
      job,
      t`${translate(action.name)} is turned off. An admin can turn it on in RUNWATCH_CONFIG.`,
      deps,
    );
    return null;
  }
  if (deps.now() - Date.parse(job.at) > maxPressAgeMs) {
    await failInProgress(job.pressId, t`Runwatch stopped while this was in progress`, deps);
    await refuse(job, t`This request is more than a day old, so it was not run. Press again.`, deps);
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

/** The press with its presser and input verified. */
export async function identifyPress(
  job: PressJob,
  action: Action,
  deps: PerformDeps,
): Promise<{ press: PressJob } | { refused: string }> {
  const known = isByRunwatch(job) ? { presser: job.by } : await deps.identify(job);
  if ('refused' in known) return known;
  const read = readInput(action, job.input);
  return 'refused' in read ? read : { press: { ...job, by: known.presser, input: read.input } };
}

export const isByRunwatch = ({ by }: PressJob) => by.surface === 'runwatch';

/**
 * Refuses a press without a valid signature, and lists it so that someone who pressed before an upgrade can
 * press again.
 */
export async function refuseUnsigned(press: PressJob, deps: PerformDeps): Promise<void> {
  const unsigned = press.signature === undefined;
  const why = unsigned
    ? t`This press was queued without a signature, by an older version or another program. Press again.`
    : t`The signature of this press is invalid: RUNWATCH_SECRET differs between processes, or someone changed Redis. Press again.`;
  deps.log.error(
    { pressId: press.pressId, action: press.action, alertId: press.alertId, unsigned },
    'refused a press with an invalid signature',
  );
  const { pressId, alertId, action, by, at } = press;
  const who = plainLine(by.name, 80);
  await deps.store.rejectedPresses.note({ pressId, alertId, action, by: who, at });
  await askToPressAgain(t`${who}: ${action.replaceAll('_', ' ')} on ${plainLine(alertId, 40)}`, deps);
  // A separate id, so that a forged press can't block the audit entry of the real press with the same id.
  await refuse({ ...press, pressId: `unsigned-${shortDigest(canonicalJson(press))}` }, why, deps);
}

export const pressAgainHead = phrase(
  'Presses without a valid signature were not run. Most likely an older version queued them. Please press again:',
);

/** Maximum lines in the notice, which is posted once an hour. */
export const maxPressAgainLines = 20;

export async function askToPressAgain(line: string, { store, now, postNotice }: PerformDeps): Promise<void> {
  const id = `notice-press-again-${new Date(now()).toISOString().slice(0, 13)}`;
  const text = `${translate(pressAgainHead)}\n• ${line}`;
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

/** Attempts before a transient failure counts as final and is shown on the alert. */
export const maxAttempts = 6;

/** A press queued for longer than this, in ms, is refused: the presser no longer expects it. */
export const maxPressAgeMs = 86400000;
