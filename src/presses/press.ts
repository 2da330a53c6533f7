import type { ActionId, PressJob } from '../actions/action';
import { type Alert, summarize } from '../domain/alerts/alert';
import { Refusal } from '../domain/alerts/transitions';
import type { Presser } from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { shortDigest } from '../domain/text/short-digest';
import type { Keyring } from '../runtime/keyring';

/** What presses need of the queue, so that this folder need not know the pipeline. */
interface RespondQueue {
  respond: { add: (name: string, job: PressJob, options: { jobId: string }) => Promise<unknown> };
}

export interface Press {
  alertId: string;
  action: ActionId;
  by: Presser;
  input?: Record<string, unknown>;
  replyTo?: PressJob['replyTo'];
  /** Tells one press from another; the same nonce is the same press. */
  nonce: string;
}

export interface PressDeps {
  queues: RespondQueue;
  now: () => number;
  keyring: Keyring;
  getAlert: (id: string) => Promise<Alert | null>;
  /** Does this process's RUNWATCH_SECRET fit the others'? What it signed would be refused else. */
  secretFits: () => Promise<boolean>;
}

/**
 * Signs a press and queues it; answers its id. The same press delivered twice is one job.
 * @throws {Refusal} where this process may not act
 */
export function createPress({ queues, now, keyring, getAlert, secretFits }: PressDeps) {
  return async ({ nonce, ...press }: Press): Promise<string> => {
    if (!(await secretFits())) throw new Refusal(secretDoesNotFit);
    const pressId = `press-${shortDigest(press.alertId, press.action, nonce)}`;
    const alert = press.alertId ? await getAlert(press.alertId) : null;
    const unsigned = {
      ...press,
      pressId,
      at: new Date(now()).toISOString(),
      target: alert ? targetOf(alert) : null,
    };
    const job: PressJob = { ...unsigned, signature: keyring.sign('press', signedText(unsigned)) };
    await queues.respond.add(press.action, job, { jobId: pressId });
    return pressId;
  };
}

export const secretDoesNotFit =
  "This process's RUNWATCH_SECRET differs from that of the others, so it does not act. Give every process the same one.";

/** The machine that a press is about: what is signed for one machine does nothing to another. */
export const targetOf = (alert: Alert): string => summarize(alert).target.id.toLowerCase();

export const isSigned = ({ signature, ...press }: PressJob, keyring: Keyring): boolean =>
  keyring.verify('press', signedText(press), signature);

/** All of a press but its signature. */
const signedText = (press: Omit<PressJob, 'signature'>): string => canonicalJson(press);
