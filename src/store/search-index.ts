import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import { rowOf } from '../domain/alerts/alert-row';
import { facetsText } from '../domain/alerts/facets';
import { groupOf, termsOf } from '../domain/alerts/search-terms';
import { timingOf } from '../domain/alerts/timing';
import { keys } from './keys';
import { openIndexKeys } from './open-index';
import { script } from './redis/lua-script';

/** Increment it when terms or rows change, so that stored alerts are indexed again. */
const version = '3';
/** Alerts and their index outlive their time by this, so that the sweep removes them before they expire, s. */
export const graceSeconds = 30 * 86_400;
const dayMs = 86_400_000;
const sweptAtOnce = 25;
const indexedAtOnce = 25;
/** Changed alerts that a search indexes first: about 30 ms. */
const indexedFirst = 100;
const markedAtOnce = 1000;

/**
 * Where an alert is in the index: its time in fixed length, so that positions are ordered by time, and its id.
 * @param at ms
 */
export const positionOf = (at: number, id = ''): string => at.toString(36).padStart(timeLength, '0') + id;
export const timeLength = 9;
export const timeOf = (position: string): number => Number.parseInt(position.slice(0, timeLength), 36);
/** The month (UTC) whose part of the index has the alerts of a time. */
export const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

/**
 * Lua function that stores what an alert is found by. Each month has one sorted set,
 * ordered by the bytes of TERM, NUL and the alert's position, so that all terms of an alert take one command. The first
 * of the stored lines is its month and position. Comparing with the stored lines also corrects a wrong index.
 * The alerts with the same facets are counted.
 */
const placeTerms = `
local function countFacets(before, after, keepSeconds)
  if before == after then return end
  if before ~= '' and redis.call('HINCRBY', '${keys.alertCounts}', before, -1) <= 0 then
    redis.call('HDEL', '${keys.alertCounts}', before)
  end
  if after ~= '' then redis.call('HINCRBY', '${keys.alertCounts}', after, 1) end
  redis.call('EXPIRE', '${keys.alertCounts}', keepSeconds)
end
local function placeTerms(key, terms, row, facets, group, times, keepSeconds)
  local before, counted = unpack(redis.call('HMGET', key, 'terms', 'facets'))
  before = before or ''
  redis.call('HSET', key, 'terms', terms, 'row', row, 'facets', facets, 'group', group, 'times', times)
  countFacets(counted or '', facets, keepSeconds)
  if before == terms then return end
  local function read(text)
    local month, position = string.match(text, '^\\n(%S+) ([^\\n]+)')
    local set = {}
    for term in string.gmatch(text, '[^\\n]+') do set[term] = true end
    if month then set[month .. ' ' .. position] = nil end
    return month, position, set
  end
  local oldMonth, oldPosition, had = read(before)
  local month, position, has = read(terms)
  local isSame = oldMonth == month and oldPosition == position
  local function change(command, of, at, some, except, score)
    local members = {}
    for term in pairs(some) do
      if not (isSame and except[term]) then
        if score then members[#members + 1] = score end
        members[#members + 1] = term .. '\\0' .. at
      end
    end
    for from = 1, #members, 1000 do
      redis.call(command, '${keys.searchMonth('')}' .. of, unpack(members, from, math.min(from + 999, #members)))
    end
  end
  if oldMonth then change('ZREM', oldMonth, oldPosition, had, has) end
  if month then
    change('ZADD', month, position, has, had, '0')
    redis.call('EXPIRE', '${keys.searchMonth('')}' .. month, keepSeconds)
  end
end`;

type Stored = readonly [terms: string, row: string, facets: string, group: string, times: string];

/** What is stored of an alert. Empty until the alert is judged. */
function placeOf(alert: Alert | null): Stored {
  if (!alert?.ready) return ['', '', '', '', ''];
  const at = Date.parse(alert.raisedAt);
  const { acknowledge, close } = timingOf(alert);
  return [
    `\n${monthOf(at)} ${positionOf(at, alert.id)}\n${termsOf(alert).join('\n')}\n`,
    JSON.stringify(rowOf(alert)),
    facetsText(alert),
    `${alert.severity} ${groupOf(alert)}`,
    alert.announced ? `${acknowledge ?? ''},${close ?? ''}` : '',
  ];
}

/** Indexes an alert unless it changed since it was read: then it stays marked. Earlier versions stored no grace. */
const indexOne = script(`${placeTerms}
if (redis.call('HGET', KEYS[1], 'rev') or '') ~= ARGV[2] then return end
if ARGV[2] ~= '' then
  local left = redis.call('TTL', KEYS[1])
  if left > 0 and left <= ARGV[8] - ${graceSeconds} and redis.call('HEXISTS', KEYS[1], 'terms') == 0 then
    redis.call('EXPIRE', KEYS[1], left + ${graceSeconds})
  end
  placeTerms(KEYS[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
end
redis.call('ZREM', KEYS[2], ARGV[1])`);

/** Removes what is in its grace: it did not change for as long as alerts are kept. Freed in the background. */
const removeExpired = script(`${placeTerms}
local removed = {}
for i, key in ipairs(KEYS) do
  local left = redis.call('TTL', key)
  if left ~= -1 and left <= ${graceSeconds} then
    if ARGV[1] == 'alerts' and left > 0 then placeTerms(key, '', '', '', '', '', ARGV[2]) end
    redis.call('UNLINK', key)
    removed[#removed + 1] = i
  end
end
return removed`);

/** @param keepSeconds how long alerts are kept after their last change */
export function createSearchIndex(
  redis: Redis,
  keepSeconds: number,
  getMany: (ids: readonly string[]) => Promise<(Alert | null)[]>,
) {
  /** Months that the index may have, the oldest first. Empty if there are no alerts. */
  async function months(after = 0, before = Infinity): Promise<string[]> {
    const [oldest, newest] = await Promise.all([
      redis.zrange(keys.alerts, 0, '0', 'WITHSCORES'),
      redis.zrevrange(keys.alerts, 0, 0, 'WITHSCORES'),
    ]);
    if (oldest.length === 0) return [];
    const from = Math.max(Number(oldest[1]), after);
    const to = Math.min(Number(newest[1]), before);
    if (from > to) return [];
    const found: string[] = [];
    const date = new Date(`${monthOf(from)}-01T00:00:00.000Z`);
    for (; date.getTime() <= to; date.setUTCMonth(date.getUTCMonth() + 1))
      found.push(monthOf(date.getTime()));
    return found;
  }

  /**
   * Indexes alerts that changed, up to a limit. The write that changes an alert only marks it, because indexing takes
   * longer than the rest of the write, and a flood must not wait for it.
   * @param first which of them
   */
  async function indexChanged(limit: number, first: 'oldest' | 'newest' = 'oldest'): Promise<void> {
    const ids = await (first === 'oldest'
      ? redis.zrange(keys.unindexed, 0, String(limit - 1))
      : redis.zrevrange(keys.unindexed, 0, limit - 1));
    if (ids.length > 0) await redis.expire(keys.unindexed, keepSeconds);
    for (let from = 0; from < ids.length; from += indexedAtOnce) {
      const some = ids.slice(from, from + indexedAtOnce);
      const alerts = await getMany(some);
      await Promise.all(
        some.map((id, i) => {
          const alert = alerts[i] ?? null;
          return indexOne(
            redis,
            [keys.alert(id), keys.unindexed],
            [id, alert?.rev ?? '', ...placeOf(alert), keepSeconds + graceSeconds],
          );
        }),
      );
    }
  }

  /** Indexes the newest changes, so that a search finds them. */
  const refresh = () => indexChanged(indexedFirst, 'newest');

  const countChanged = () => redis.zcard(keys.unindexed);

  /** Marks the alerts that an earlier version stored, once. */
  async function markAllChanged(): Promise<void> {
    if ((await redis.get(keys.searchIndexed)) === version) return;
    for (let from = 0; ; from += markedAtOnce) {
      const ids = await redis.zrevrange(keys.alerts, from, from + markedAtOnce - 1);
      if (ids.length === 0) break;
      await redis.zadd(keys.unindexed, 'NX', ...ids.flatMap((id) => [from, id]));
    }
    await redis.set(keys.searchIndexed, version);
  }

  /**
   * Removes the alerts, and the months of the index, that did not change for as long as alerts are kept.
   * @returns how many alerts
   */
  async function sweepExpired(now: number): Promise<number> {
    const end = now - keepSeconds * 1000;
    const old = await months(0, end);
    if (old.length > 0) await removeExpired(redis, old.map(keys.searchMonth), ['months']);
    let kept = 0;
    let removed = 0;
    for (;;) {
      const ids = await redis.zrangebyscore(keys.alerts, '-inf', end, 'LIMIT', kept, sweptAtOnce);
      if (ids.length === 0) return removed;
      const places = (await removeExpired(redis, ids.map(keys.alert), ['alerts', keepSeconds])) as number[];
      const gone = places.flatMap((place) => ids[place - 1] ?? []);
      if (gone.length > 0)
        await Promise.all([keys.alerts, ...openIndexKeys].map((key) => redis.zrem(key, ...gone)));
      removed += gone.length;
      kept += ids.length - gone.length;
    }
  }

  /** {@link sweepExpired}, once a day. */
  async function sweepDaily(now: number): Promise<void> {
    const slot = keys.due('expired-alerts', Math.floor(now / dayMs));
    if ((await redis.set(slot, 1, 'PX', 2 * dayMs, 'NX')) === 'OK') await sweepExpired(now);
  }

  return { months, indexChanged, refresh, countChanged, markAllChanged, sweepExpired, sweepDaily };
}
export type SearchIndex = ReturnType<typeof createSearchIndex>;
