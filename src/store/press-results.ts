import type { Redis } from 'ioredis';
import { keys } from './keys';

/** A press without a valid signature, which was not carried out. */
export interface RejectedPress {
  pressId: string;
  alertId: string;
  action: string;
  by: string;
  at: string;
}

/** The outcome of a press. `asked`: waiting for a second person's approval. */
export interface PressResult {
  result: 'done' | 'refused' | 'failed' | 'asked';
  text: string;
}

/** Outcomes are kept longer than a press can be pending, so a press that is queued again does nothing. */
export function createPressResults(redis: Redis) {
  return {
    get: async (pressId: string): Promise<PressResult | null> => {
      const doc = await redis.get(keys.pressResult(pressId));
      // Versions before 0.2 stored only that the press took effect.
      if (doc === '1') return { result: 'done', text: '' };
      return doc ? (JSON.parse(doc) as PressResult) : null;
    },
    note: (pressId: string, result: PressResult) =>
      redis.set(keys.pressResult(pressId), JSON.stringify(result), 'EX', 25 * 3600),
  };
}

const maxPresses = 500;

/** Presses that failed for lack of a valid signature. The person is asked to press again. */
export function createRejectedPresses(redis: Redis) {
  return {
    note: async (press: RejectedPress): Promise<void> => {
      await redis.hset(keys.rejectedPresses, press.pressId, JSON.stringify(press));
      if ((await redis.hlen(keys.rejectedPresses)) > maxPresses)
        await redis.hdel(keys.rejectedPresses, press.pressId);
      await redis.expire(keys.rejectedPresses, 30 * 86_400);
    },
    list: async (): Promise<RejectedPress[]> =>
      (await redis.hvals(keys.rejectedPresses)).map((doc) => JSON.parse(doc) as RejectedPress),
  };
}
