import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log';

/** Does it again until it succeeds, each second: for what a start needs of a Redis that is full, or not there yet. */
export async function patiently<T>(log: Log, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      log.warn({ error }, 'Redis refuses what a start needs; trying again');
      await delay(1000);
    }
  }
}
