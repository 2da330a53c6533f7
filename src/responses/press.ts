import type { Presser } from '../alerts/alert';
import { shortDigest } from '../alerts/digest';
import type { ActionId } from '../config';
import type { PressJob } from './response';

/** What presses need of the queue, so that this room need not know the pipeline. */
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

/** Queues a press; answers its id. The same press delivered twice is one job. */
export function createPress(queues: RespondQueue, now: () => number) {
  return async ({ nonce, ...press }: Press): Promise<string> => {
    const pressId = `press-${shortDigest(press.alertId, press.action, nonce)}`;
    await queues.respond.add(
      press.action,
      { ...press, pressId, at: new Date(now()).toISOString() },
      { jobId: pressId },
    );
    return pressId;
  };
}
