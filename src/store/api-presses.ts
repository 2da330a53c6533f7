import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keys } from './keys';
import { script } from './redis/lua-script';

const pressSchema = z.object({
  pressId: z.string(),
  /** Key of the caller, who alone learns what became of it. */
  caller: z.string(),
  action: z.string(),
  alertId: z.string(),
  /** When it was requested, RFC 3339. */
  at: z.string(),
});
const takenSchema = z.object({
  /** A digest of the request. */
  request: z.string(),
  press: pressSchema,
});
type Press = z.output<typeof pressSchema>;
type Taken = z.output<typeof takenSchema>;

/** As long as the results of presses. */
const keptSeconds = 25 * 3600;

const take = script(`
local known = redis.call('GET', KEYS[1])
if known then return known end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
return ARGV[1]`);

/** Presses of the API by the idempotency keys of their callers. */
export function createApiPresses(redis: Redis) {
  const read = <T>(schema: z.ZodType<T>, doc: string | null): T | null =>
    doc === null ? null : (schema.safeParse(JSON.parse(doc)).data ?? null);

  return {
    /** Stores a press under a key, or returns the one that is there. */
    take: async (key: string, request: string, press: Press): Promise<Taken> => {
      const taken = JSON.stringify({ request, press });
      const doc = await take(
        redis,
        [keys.apiKey(key), keys.apiPress(press.pressId)],
        [taken, JSON.stringify(press), keptSeconds],
      );
      return takenSchema.parse(JSON.parse(String(doc)));
    },
    find: async (key: string): Promise<Taken | null> => read(takenSchema, await redis.get(keys.apiKey(key))),
    get: async (pressId: string): Promise<Press | null> =>
      read(pressSchema, await redis.get(keys.apiPress(pressId))),
  };
}
