import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log';

/** Begins work in the background, and retries it until it succeeds. */
export type Begin = (work: () => Promise<unknown>) => void;

/** Retries each second until it succeeds: for what a start needs of a Redis that is full, or not there yet. */
export async function retryUntilDone(
  log: Log,
  stopped: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  while (!stopped.aborted) {
    try {
      await work();
      return;
    } catch (error) {
      if (stopped.aborted) return;
      log.warn({ error }, 'a start has not got what it needs yet; trying again');
      await delay(1000, undefined, { signal: stopped }).catch(() => {});
    }
  }
}
