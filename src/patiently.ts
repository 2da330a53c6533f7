import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log';

/** Does work patiently, in the background. */
export type Begin = (work: () => Promise<unknown>) => void;

/** Does it again until it succeeds, each second: for what a start needs of a Redis that is full, or not there yet. */
export async function patiently(log: Log, stopped: AbortSignal, work: () => Promise<unknown>): Promise<void> {
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
