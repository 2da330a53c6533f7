import type { ActionId, PressJob } from '../actions/action';
import { type Alert, summarize } from '../domain/alerts/alert';
import { Refusal } from '../domain/alerts/transitions';
import type { Presser } from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { shortDigest } from '../domain/text/short-digest';
import { phrase, translate } from '../domain/text/translate';
import type { Keyring } from '../runtime/keyring';
import { span } from '../runtime/tracing';

/** The part of the queue that presses use, so that this folder does not depend on the pipeline. */
interface RespondQueue {
  respond: { add: (name: string, job: PressJob, options: { jobId: string }) => Promise<unknown> };
}

export interface Press {
  alertId: string;
  action: ActionId;
  by: Presser;
  input?: Record<string, unknown>;
  replyTo?: PressJob['replyTo'];
  /** Identifies the press: presses with the same nonce are one press. */
  nonce: string;
}

export interface PressDeps {
  queues: RespondQueue;
  now: () => number;
  keyring: Keyring;
  getAlert: (id: string) => Promise<Alert | null>;
  /**
   * Whether this process's RUNWATCH_SECRET matches the other processes'. If not, they would refuse what it
   * signs.
   */
  secretMatches: () => Promise<boolean>;
}

export const pressIdOf = (alertId: string, action: ActionId, nonce: string): string =>
  `press-${shortDigest(alertId, action, nonce)}`;

/**
 * Signs and queues a press, and returns its id. A press delivered twice becomes one job.
 * @throws {Refusal} if this process may not act
 */
export function createPress({ queues, now, keyring, getAlert, secretMatches }: PressDeps) {
  return async ({ nonce, ...press }: Press): Promise<string> => {
    if (!(await secretMatches())) throw new Refusal(translate(secretMismatch));
    const pressId = pressIdOf(press.alertId, press.action, nonce);
    const alert = press.alertId ? await getAlert(press.alertId) : null;
    const unsigned = {
      ...press,
      pressId,
      at: new Date(now()).toISOString(),
      target: alert ? targetOf(alert) : null,
    };
    const job: PressJob = { ...unsigned, signature: keyring.sign('press', signedText(unsigned)) };
    await span('press', aboutPress(job), () => queues.respond.add(press.action, job, { jobId: pressId }));
    return pressId;
  };
}

/** A press as its span shows it. Who pressed is in the audit log. */
export const aboutPress = ({ alertId, action, pressId, by }: PressJob) => ({
  ...(alertId ? { 'runwatch.alert.id': alertId } : {}),
  'runwatch.action': action,
  'runwatch.press.id': pressId,
  'runwatch.surface': by.surface,
});

export const secretMismatch = phrase(
  "This process's RUNWATCH_SECRET differs from the other processes', so it can't act. Set the same value in every process.",
);

/** The machine of a press. A press signed for one machine does nothing to another. */
export const targetOf = (alert: Alert): string => summarize(alert).target.id.toLowerCase();

export const isSigned = ({ signature, ...press }: PressJob, keyring: Keyring): boolean =>
  keyring.verify('press', signedText(press), signature);

/** The press without its signature. */
const signedText = (press: Omit<PressJob, 'signature'>): string => canonicalJson(press);
