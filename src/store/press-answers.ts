import type { Redis } from 'ioredis';
import { keys } from './keys';

/** What each press was answered with, for surfaces that ask; kept ten minutes. */
export function createAnswers(redis: Redis) {
  return {
    put: async (pressId: string, text: string) => {
      await redis.set(keys.answer(pressId), text, 'EX', 600);
      await redis.publish(keys.changes, `answer ${pressId}`);
    },
    get: (pressId: string) => redis.get(keys.answer(pressId)),
  };
}
