import type { Redis } from 'ioredis';
import { keys } from './keys';

/** The reply to each press, for surfaces that fetch it. Kept for ten minutes. */
export function createAnswers(redis: Redis) {
  return {
    put: (pressId: string, text: string) => redis.set(keys.answer(pressId), text, 'EX', 600),
    get: (pressId: string) => redis.get(keys.answer(pressId)),
  };
}
