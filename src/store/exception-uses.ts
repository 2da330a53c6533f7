import type { Redis } from 'ioredis';
import { lastWeeks, weekOf } from '../domain/text/weeks';
import { keys } from './keys';
import { inChunks, script } from './redis/lua-script';

/** What an exception suppressed. */
export interface ExceptionUses {
  /** Alerts, as long as one was suppressed in the last 400 days. */
  total: number;
  /** Alerts by week, oldest first. The last one is the current week. */
  weeks: number[];
}

const keptSeconds = 400 * 86_400;
const keptWeeks = 26;
/** Alerts that are known to be counted. An older one that changes again would count twice. */
const maxSeen = 2000;
const chunkSize = 100;

/** Versions before 0.2 stored the ids of all alerts without an expiry. */
const limitOld = `
local function limitOld(key)
  if redis.call('TTL', key) == -1 then redis.call('EXPIRE', key, ${keptSeconds}) end
end`;

const noteScript = script(`${limitOld}
local old, seen, counts = KEYS[1], KEYS[2], KEYS[3]
limitOld(old)
if redis.call('SISMEMBER', old, ARGV[1]) == 1 then return end
if redis.call('ZADD', seen, 'NX', ARGV[2], ARGV[1]) == 0 then return end
redis.call('ZREMRANGEBYRANK', seen, 0, ${-maxSeen - 1})
redis.call('HINCRBY', counts, 'total', 1)
redis.call('HINCRBY', counts, ARGV[3], 1)
local weeks = {}
for _, field in ipairs(redis.call('HKEYS', counts)) do
  if field ~= 'total' then weeks[#weeks + 1] = tonumber(field) end
end
table.sort(weeks)
for i = 1, #weeks - ${keptWeeks} do redis.call('HDEL', counts, string.format('%d', weeks[i])) end
redis.call('EXPIRE', seen, ${keptSeconds})
redis.call('EXPIRE', counts, ${keptSeconds})`);

const readScript = script(`${limitOld}
local found = {}
for i = 1, #KEYS, 2 do
  limitOld(KEYS[i])
  found[#found + 1] = {redis.call('SCARD', KEYS[i]), redis.call('HGETALL', KEYS[i + 1])}
end
return found`);

/** How many alerts each exception suppressed, in total and by week. */
export function createExceptionUses(redis: Redis) {
  /** Counts each suppressed alert once. `at`: when it was raised, ms. */
  async function note(id: string, alertId: string, at: number): Promise<void> {
    const touched = [keys.oldExceptionUses(id), keys.exceptionSeen(id), keys.exceptionCounts(id)];
    await noteScript(redis, touched, [alertId, at, weekOf(at)]);
  }

  /** In the order of the ids. */
  async function byWeek(ids: readonly string[], now: number, weeks: number): Promise<ExceptionUses[]> {
    const wanted = lastWeeks(now, weeks);
    const found = (await inChunks(ids, chunkSize, (some) =>
      readScript(
        redis,
        some.flatMap((id) => [keys.oldExceptionUses(id), keys.exceptionCounts(id)]),
        [],
      ),
    )) as [number, string[]][][];
    return found.flat().map(([old, fields]) => {
      const counts = new Map<string, number>();
      for (let i = 0; i + 1 < fields.length; i += 2) counts.set(fields[i] as string, Number(fields[i + 1]));
      return {
        total: old + (counts.get('total') ?? 0),
        weeks: wanted.map((week) => counts.get(String(week)) ?? 0),
      };
    });
  }

  return { note, byWeek };
}
