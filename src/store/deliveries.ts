import type { Redis } from 'ioredis';
import type { Alert } from '../alerts/alert';
import { keys } from './keys';
import { script } from './scripts';

/** Where a message stands on a surface. */
export interface MessageRef {
  channel: string;
  /** Slack's ts, Teams' activity id. */
  message: string;
}

/** What a surface was last told of one alert or notice. */
export interface Told {
  ref: MessageRef | null;
  /** Digest of the content last shown. */
  shown: string | null;
  /** When posting was begun whose fate is unknown, ms; null when none is. */
  attemptAt: number | null;
  /** Where it was begun: a route may have changed since. */
  attemptIn?: string | undefined;
}

/** A short notice to the channel that is no alert, e.g. a subscription that refuses. */
export interface Notice {
  id: string;
  text: string;
}

/**
 * All that a delivery needs, in one step: the alert, the notice, what the surface was told, and the next free moment of
 * the channel. Moments are handed out in order, so nobody waits twice; none is taken when one is held already.
 */
const open = script(`
local alert = redis.call('HGET', KEYS[1], 'doc')
local notice = redis.call('GET', KEYS[2])
local told = redis.call('GET', KEYS[3])
local now = tonumber(ARGV[1])
if ARGV[3] == '1' then return { alert, notice, told, tostring(now) } end
local at = math.max(now, tonumber(redis.call('GET', KEYS[4]) or '0'))
redis.call('SET', KEYS[4], tostring(at + tonumber(ARGV[2])), 'PX', math.ceil(at - now + tonumber(ARGV[2]) + 60000))
return { alert, notice, told, tostring(at) }`);

const closeChannel = script(`
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000)
end
return 1`);

/** Notes what was told, and removes the mark unless the alert was stored again since. */
const settleScript = script(`
if ARGV[3] ~= '' then redis.call('SET', KEYS[3], ARGV[3], 'EX', 34560000) end
local rev = redis.call('HGET', KEYS[2], 'rev')
if rev and tonumber(rev) > tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])`);

const unlock = script(
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`,
);

const nothingTold: Told = { ref: null, shown: null, attemptAt: null };

export function createDeliveries(redis: Redis) {
  /** What a delivery begins with; `at` is when its message may be sent, ms. */
  async function begin(
    {
      surface,
      id,
      channel,
      intervalMs,
    }: { surface: string; id: string; channel: string; intervalMs: number },
    now: number,
    hasSlot: boolean,
  ): Promise<{ alert: Alert | null; notice: Notice | null; told: Told; at: number }> {
    const touched = [keys.alert(id), keys.notice(id), keys.told(surface, id), keys.slot(channel)];
    const [alert, notice, told, at] = (await open(redis, touched, [now, intervalMs, hasSlot ? 1 : 0])) as (
      | string
      | null
    )[];
    return {
      alert: alert ? JSON.parse(alert) : null,
      notice: notice ? JSON.parse(notice) : null,
      told: told ? JSON.parse(told) : nothingTold,
      at: Number(at),
    };
  }

  const setTold = (surface: string, id: string, value: Told) =>
    redis.set(keys.told(surface, id), JSON.stringify(value), 'EX', 400 * 86_400);

  /** Nobody sends to the channel before `at` (Retry-After). */
  const closeUntil = (channel: string, at: number) => closeChannel(redis, [keys.slot(channel)], [at]);

  const settle = (surface: string, id: string, rev: number, told: Told | null) =>
    settleScript(
      redis,
      [keys.undelivered(surface), keys.alert(id), keys.told(surface, id)],
      [id, rev, told ? JSON.stringify(told) : ''],
    );

  const undelivered = (surface: string, limit = 1000) =>
    redis.zrange(keys.undelivered(surface), 0, String(limit - 1));

  async function addNotice(notice: Notice, surfaces: readonly string[]): Promise<boolean> {
    const first = await redis.set(keys.notice(notice.id), JSON.stringify(notice), 'EX', 30 * 86_400, 'NX');
    if (first !== 'OK') return false;
    for (const surface of surfaces)
      await redis.zadd(keys.undelivered(surface), String(Date.now()), notice.id);
    return true;
  }

  const dropNotice = (id: string) => redis.del(keys.notice(id));

  /** Runs `work` while holding a lock that lapses by itself; null when somebody else holds it. */
  async function withLock<T>(name: string, ms: number, work: () => Promise<T>): Promise<T | null> {
    const token = `${process.pid}-${Math.random()}`;
    if ((await redis.set(keys.lock(name), token, 'PX', ms, 'NX')) !== 'OK') return null;
    try {
      return await work();
    } finally {
      await unlock(redis, [keys.lock(name)], [token]);
    }
  }

  return { begin, setTold, closeUntil, settle, undelivered, addNotice, dropNotice, withLock };
}
export type Deliveries = ReturnType<typeof createDeliveries>;
