import type { Redis } from 'ioredis';
import { limitOf } from '../../src/store/key-limits';

export interface StoredKind {
  kind: string;
  keys: number;
  /** Measured on at most 200 keys of the kind. */
  bytes: number;
}

const measuredKeys = 200;
const counters = {
  hash: (redis: Redis, key: string) => redis.hlen(key),
  list: (redis: Redis, key: string) => redis.llen(key),
  set: (redis: Redis, key: string) => redis.scard(key),
  zset: (redis: Redis, key: string) => redis.zcard(key),
  stream: (redis: Redis, key: string) => redis.xlen(key),
} as const;

async function* allKeys(redis: Redis): AsyncGenerator<string[]> {
  for (let cursor = '0'; ; ) {
    const [next, found] = await redis.scan(cursor, 'COUNT', 1000);
    if (found.length > 0) yield found;
    if (next === '0') return;
    cursor = next;
  }
}

/** What a Redis holds by kind of key, the largest first, and the keys that do not keep to `src/store/key-limits.ts`. */
export async function storedKinds(
  redis: Redis,
  queues: readonly string[] = [],
): Promise<{ kinds: StoredKind[]; faults: string[] }> {
  const kinds = new Map<string, { keys: number; measured: number; bytes: number }>();
  const faults = new Set<string>();
  for await (const found of allKeys(redis))
    await Promise.all(
      found.map(async (key) => {
        const known = limitOf(key, queues);
        if (!known) return void faults.add(`${key} is not declared`);
        const { kind, limit } = known;
        const of = kinds.get(kind) ?? { keys: 0, measured: 0, bytes: 0 };
        kinds.set(kind, of);
        of.keys++;
        if (of.measured < measuredKeys) {
          of.measured++;
          const bytes = Number(await redis.memory('USAGE', key, 'SAMPLES', 100));
          of.bytes += bytes;
        }
        if (limit.expires && (await redis.pttl(key)) === -1) faults.add(`${kind} has no expiry: ${key}`);
        const type = await redis.type(key);
        if (!(type in counters)) return;
        const members = await counters[type as keyof typeof counters](redis, key);
        if (limit.most === null || members > limit.most)
          faults.add(`${kind} has ${members} members, max ${limit.most}: ${key}`);
      }),
    );
  return {
    kinds: [...kinds]
      .map(([kind, { keys, measured, bytes }]) => ({ kind, keys, bytes: (bytes / measured) * keys }))
      .sort((a, b) => b.bytes - a.bytes),
    faults: [...faults].sort(),
  };
}

/** Lets time pass for the expiries of all keys. @param over keys that expire sooner than this are left as they are, ms */
export async function age(redis: Redis, ms: number, over = 0): Promise<void> {
  for await (const found of allKeys(redis))
    await redis.eval(
      `for _, key in ipairs(KEYS) do
         local left = redis.call('PTTL', key)
         if left > tonumber(ARGV[2]) then
           if left > tonumber(ARGV[1]) then redis.call('PEXPIRE', key, left - ARGV[1]) else redis.call('UNLINK', key) end
         end
       end`,
      found.length,
      ...found,
      ms,
      over,
    );
}
