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

/** Presses that took effect, for longer than a press is waited for: one that is queued again does nothing. */
export function createPressesDone(redis: Redis) {
  return {
    has: async (pressId: string): Promise<boolean> => (await redis.exists(keys.pressDone(pressId))) === 1,
    note: (pressId: string) => redis.set(keys.pressDone(pressId), '1', 'EX', 25 * 3600),
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
