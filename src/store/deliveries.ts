import type { Redis } from 'ioredis';
import { keys } from './keys';

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
}

/** A short notice to the channel that is no alert, e.g. a subscription that refuses. */
export interface Notice {
  id: string;
  text: string;
}

/** Gives the next free moment of a channel and moves it on: slots are handed out, so nobody waits twice. */
const slotScript = `
local now = tonumber(ARGV[1])
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local at = math.max(now, free)
redis.call('SET', KEYS[1], tostring(at + tonumber(ARGV[2])), 'PX', math.ceil(at - now + tonumber(ARGV[2]) + 60000))
return tostring(at)`;

const closeScript = `
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000)
end
return 1`;

/** Removes the mark unless the alert was stored again since. */
const settleScript = `
local rev = redis.call('HGET', KEYS[2], 'rev')
if rev and tonumber(rev) > tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])`;

const unlockScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

export function createDeliveries(redis: Redis) {
  async function told(surface: string, id: string): Promise<Told> {
    const doc = await redis.get(keys.told(surface, id));
    return doc ? (JSON.parse(doc) as Told) : { ref: null, shown: null, attemptAt: null };
  }

  const setTold = (surface: string, id: string, value: Told) =>
    redis.set(keys.told(surface, id), JSON.stringify(value), 'EX', 400 * 86_400);

  /** When this message may be sent, ms; it is at most one every `intervalMs` a channel across all processes. */
  const takeSlot = async (channel: string, now: number, intervalMs: number) =>
    Number(await redis.eval(slotScript, 1, keys.slot(channel), now, intervalMs));

  /** Nobody sends to the channel before `at` (Retry-After). */
  const closeUntil = (channel: string, at: number) => redis.eval(closeScript, 1, keys.slot(channel), at);

  const settle = (surface: string, id: string, rev: number) =>
    redis.eval(settleScript, 2, keys.undelivered(surface), keys.alert(id), id, rev);

  const undelivered = (surface: string, limit = 1000) =>
    redis.zrange(keys.undelivered(surface), 0, String(limit - 1));

  async function addNotice(notice: Notice, surfaces: readonly string[]): Promise<boolean> {
    const first = await redis.set(keys.notice(notice.id), JSON.stringify(notice), 'EX', 30 * 86_400, 'NX');
    if (first !== 'OK') return false;
    for (const surface of surfaces)
      await redis.zadd(keys.undelivered(surface), String(Date.now()), notice.id);
    return true;
  }

  const notice = async (id: string) => {
    const doc = await redis.get(keys.notice(id));
    return doc ? (JSON.parse(doc) as Notice) : null;
  };

  const dropNotice = (id: string) => redis.del(keys.notice(id));

  /** Runs `work` while holding a lock that lapses by itself; null when somebody else holds it. */
  async function withLock<T>(name: string, ms: number, work: () => Promise<T>): Promise<T | null> {
    const token = `${process.pid}-${Math.random()}`;
    if ((await redis.set(keys.lock(name), token, 'PX', ms, 'NX')) !== 'OK') return null;
    try {
      return await work();
    } finally {
      await redis.eval(unlockScript, 1, keys.lock(name), token);
    }
  }

  return {
    told,
    setTold,
    takeSlot,
    closeUntil,
    settle,
    undelivered,
    addNotice,
    notice,
    dropNotice,
    withLock,
  };
}
export type Deliveries = ReturnType<typeof createDeliveries>;
