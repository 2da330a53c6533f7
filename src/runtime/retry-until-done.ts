import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log';

/** Runs work in the background and retries it until it succeeds. */
export type RunInBackground = (work: () => Promise<unknown>) => void;

/** Retries every second until it succeeds, for startup work while Redis is full or not available yet. */
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
      log.warn({ error }, 'a startup step failed; retrying');
      await delay(1000, undefined, { signal: stopped }).catch(() => {});
    }
  }
}
