import { createHash } from 'node:crypto';
import DataLoader from 'dataloader';
import type { Redis } from 'ioredis';

/** A Lua script. The source is sent only if Redis has not cached it. */
export function script(source: string) {
  const sha = createHash('sha1').update(source).digest('hex');
  return async (
    redis: Redis,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error as Error).message.includes('NOSCRIPT')) throw error;
      return redis.eval(source, keys.length, ...keys, ...args);
    }
  };
}

/** Runs a script for some items at a time, in one round trip, so that no call blocks Redis for long. */
export const inChunks = <T>(items: readonly T[], size: number, run: (some: T[]) => Promise<unknown>) =>
  Promise.all(
    Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
      run(items.slice(i * size, (i + 1) * size)),
    ),
  );

/**
 * Collects the calls of one turn of the event loop, such as those of the alerts of a flood, into one.
 * @param most calls that are collected
 * @param run returns an answer for each call, in their order; an error fails only that call
 */
export function collect<Call, Answer>(
  most: number,
  run: (calls: readonly Call[]) => Promise<(Answer | Error)[]>,
): (call: Call) => Promise<Answer> {
  const loader = new DataLoader<Call, Answer>(run, { cache: false, maxBatchSize: most });
  return (call) => loader.load(call);
}
