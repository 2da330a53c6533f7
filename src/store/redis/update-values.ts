import type { Redis } from 'ioredis';
import { script } from './lua-script';

/** Stores each value unless it changed since it was read. Returns which were stored. */
const setIfUnchanged = script(`
local stored = {}
for i, key in ipairs(KEYS) do
  local before, after = ARGV[2 * i], ARGV[2 * i + 1]
  if (redis.call('GET', key) or '') == before then
    redis.call('SET', key, after, 'EX', ARGV[1])
    stored[i] = 1
  else stored[i] = 0 end
end
return stored`);

/**
 * Changes several values. Retries those that another process changed in the meantime.
 * @param keyOf the Redis key of a name
 * @param change pure function of a name and its value, empty if there is none; returns the new value
 */
export async function updateValues(
  redis: Redis,
  names: readonly string[],
  keyOf: (name: string) => string,
  keepSeconds: number,
  change: (name: string, before: string) => string,
): Promise<void> {
  let left = [...names];
  while (left.length > 0) {
    const texts = await redis.mget(left.map(keyOf));
    const writes = left.map((name, index) => {
      const before = texts[index] ?? '';
      return { name, before, after: change(name, before) };
    });
    const changed = writes.filter(({ before, after }) => before !== after);
    if (changed.length === 0) return;
    const stored = (await setIfUnchanged(
      redis,
      changed.map(({ name }) => keyOf(name)),
      [keepSeconds, ...changed.flatMap(({ before, after }) => [before, after])],
    )) as number[];
    left = changed.filter((_, index) => stored[index] !== 1).map(({ name }) => name);
  }
}
