import type { Redis } from 'ioredis';
import { keys } from './keys';

/** A press that was found without a signature that fits, and was not done. */
export interface UndonePress {
  pressId: string;
  alertId: string;
  action: string;
  by: string;
  at: string;
}

/** What came of a press. asked: it waits for a second person. */
export interface PressResult {
  result: 'done' | 'refused' | 'failed' | 'asked';
  text: string;
}

/** What came of each press, for longer than a press is waited for: one that is queued again does nothing. */
export function createPressResults(redis: Redis) {
  return {
    get: async (pressId: string): Promise<PressResult | null> => {
      const doc = await redis.get(keys.pressResult(pressId));
      // Versions before 0.2 noted that it took effect, and nothing more.
      if (doc === '1') return { result: 'done', text: '' };
      return doc ? (JSON.parse(doc) as PressResult) : null;
    },
    note: (pressId: string, result: PressResult) =>
      redis.set(keys.pressResult(pressId), JSON.stringify(result), 'EX', 25 * 3600),
  };
}

const most = 500;

/** Presses that were not done for want of a signature: whoever pressed is asked to press again. */
export function createPressAgain(redis: Redis) {
  return {
    note: async (press: UndonePress): Promise<void> => {
      await redis.hset(keys.pressAgain, press.pressId, JSON.stringify(press));
      if ((await redis.hlen(keys.pressAgain)) > most) await redis.hdel(keys.pressAgain, press.pressId);
      await redis.expire(keys.pressAgain, 30 * 86_400);
    },
    list: async (): Promise<UndonePress[]> =>
      (await redis.hvals(keys.pressAgain)).map((doc) => JSON.parse(doc) as UndonePress),
  };
}
