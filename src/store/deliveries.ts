import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import { keys } from './keys';
import { script } from './redis/lua-script';
import { readAlert } from './upgrade-alert';

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
  /** Since when somebody waits for its answer, ms. */
  posting?: number;
}

/** A short notice to the channel that is no alert, e.g. a subscription that refuses. */
export interface Notice {
  id: string;
  text: string;
  /** E-mail address of the one person who is told it directly, where the chat knows them. */
  to?: string;
  /** Where it goes instead of the channel, by surface. */
  channels?: Record<string, string>;
  /** Slack user group that is called. */
  mention?: string;
  /** Buttons below it; `value` goes with the press. */
  actions?: NoticeAction[];
}

export interface NoticeAction {
  id: string;
  label: string;
  value: string;
  /** A menu instead of a button. */
  choices?: { value: string; label: string }[];
}

/**
 * All that deliveries need, in one step: each one's alert, notice, and what the surface was told, and the next free
 * moment of the channel. Moments are handed out in order, so nobody waits twice; none is taken when one is held already,
 * nor by a batch when it would have to wait.
 */
const open = script(`
local now, interval, mode = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local slot = KEYS[1]
local answers = {}
local free = math.max(now, tonumber(redis.call('GET', slot) or '0'))
for i = 2, #KEYS, 3 do
  local told = redis.call('GET', KEYS[i + 2])
  local at = free
  if mode == 'held' then at = now
  elseif mode == 'alone' or (at <= now + 1 and not told) then free = free + interval end
  answers[#answers + 1] = { redis.call('HGET', KEYS[i], 'doc'), redis.call('GET', KEYS[i + 1]), told, tostring(at), redis.call('HGET', KEYS[i], 'touched') }
end
if free > now then redis.call('SET', slot, tostring(free), 'PX', math.ceil(free - now + 60000)) end
return answers`);

/** An attempt begins only if nobody told the surface anything since we looked. */
const claimScript = script(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', 34560000)
return 1`);

const closeChannel = script(`
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000)
end
return 1`);

/** Notes what was told, and removes the mark unless the alert or one of its measures was stored again since. */
const settleScript = script(`
if ARGV[3] ~= '' then redis.call('SET', KEYS[3], ARGV[3], 'EX', 34560000) end
local rev = redis.call('HGET', KEYS[2], 'rev')
if rev and tonumber(rev) > tonumber(ARGV[2]) then return 0 end
if (redis.call('HGET', KEYS[2], 'touched') or '0') ~= ARGV[4] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])`);

const relock = script(
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`,
);

const unlock = script(
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`,
);

/** What a delivery begins with; `at` is when its message may be sent, ms; `toldAs` is what `told` was read from. */
export interface Begun {
  alert: Alert | null;
  notice: Notice | null;
  told: Told;
  toldAs: string;
  at: number;
  /** Counts the changes of its measures and approvals. */
  touched: number;
}

const nothingTold: Told = { ref: null, shown: null, attemptAt: null };

export function createDeliveries(redis: Redis) {
  /**
   * What deliveries begin with, in the order of `ids`.
   * @param slot 'held': the moment was waited for already; 'alone': takes one however far; 'batch': takes only what is free now
   */
  async function begin(
    { name: surface, channel, intervalMs }: { name: string; channel: string; intervalMs: number },
    ids: readonly string[],
    now: number,
    slot: 'held' | 'alone' | 'batch',
  ): Promise<Begun[]> {
    const touched = ids.flatMap((id) => [keys.alert(id), keys.notice(id), keys.told(surface, id)]);
    const rows = (await open(redis, [keys.slot(channel), ...touched], [now, intervalMs, slot])) as (
      | string
      | null
    )[][];
    return rows.map(([alert, notice, told, at, touched]) => ({
      alert: alert ? readAlert(alert) : null,
      notice: notice ? JSON.parse(notice) : null,
      told: told ? JSON.parse(told) : nothingTold,
      toldAs: told ?? '',
      at: Number(at),
      touched: Number(touched ?? 0),
    }));
  }

  /** Notes that posting begins; false when somebody else was faster. */
  const claim = async (surface: string, id: string, toldAs: string, attempt: Told): Promise<boolean> =>
    (await claimScript(redis, [keys.told(surface, id)], [toldAs, JSON.stringify(attempt)])) === 1;

  const setTold = (surface: string, id: string, value: Told) =>
    redis.set(keys.told(surface, id), JSON.stringify(value), 'EX', 400 * 86_400);

  /** Nobody sends to the channel before `at` (Retry-After). */
  const closeUntil = (channel: string, at: number) => closeChannel(redis, [keys.slot(channel)], [at]);

  const settle = (surface: string, id: string, seen: { rev: number; touched: number }, told: Told | null) =>
    settleScript(
      redis,
      [keys.undelivered(surface), keys.alert(id), keys.told(surface, id)],
      [id, seen.rev, told ? JSON.stringify(told) : '', seen.touched],
    );

  /** What is owed, the oldest first; what was marked within 5 s of `now` (ms) is on its way. */
  async function owed(surface: string, now: number, limit = 1000): Promise<string[]> {
    const rows = await redis.zrange(keys.undelivered(surface), 0, String(limit - 1), 'WITHSCORES');
    return rows.filter((_, i) => i % 2 === 0 && Math.abs(now - Number(rows[i + 1])) > 5000);
  }

  const countOwed = (surface: string) => redis.zcard(keys.undelivered(surface));

  async function addNotice(notice: Notice, surfaces: readonly string[]): Promise<boolean> {
    const first = await redis.set(keys.notice(notice.id), JSON.stringify(notice), 'EX', 30 * 86_400, 'NX');
    if (first !== 'OK') return false;
    for (const surface of surfaces)
      await redis.zadd(keys.undelivered(surface), String(Date.now()), notice.id);
    return true;
  }

  /** Changes a notice that may be posted already. */
  async function changeNotice(
    id: string,
    change: (notice: Notice) => Notice,
    surfaces: readonly string[],
  ): Promise<boolean> {
    const doc = await redis.get(keys.notice(id));
    if (!doc) return false;
    await redis.set(keys.notice(id), JSON.stringify(change(JSON.parse(doc))), 'KEEPTTL');
    for (const surface of surfaces) await redis.zadd(keys.undelivered(surface), String(Date.now()), id);
    return true;
  }

  /** Does it stand on any of these surfaces? */
  async function isShown(id: string, surfaces: readonly string[]): Promise<boolean> {
    for (const surface of surfaces) {
      const told = await redis.get(keys.told(surface, id));
      if (told && (JSON.parse(told) as Told).ref) return true;
    }
    return false;
  }

  const dropNotice = (id: string) => redis.del(keys.notice(id));

  /**
   * Runs `work` while holding a lock; null when somebody else holds it. It is held on to as long as we live, and lapses
   * `ms` after we died.
   */
  async function withLock<T>(name: string, ms: number, work: () => Promise<T>): Promise<T | null> {
    const token = `${process.pid}-${Math.random()}`;
    if ((await redis.set(keys.lock(name), token, 'PX', ms, 'NX')) !== 'OK') return null;
    const holding = setInterval(() => {
      relock(redis, [keys.lock(name)], [token, ms]).catch(() => {});
    }, ms / 3);
    try {
      return await work();
    } finally {
      clearInterval(holding);
      await unlock(redis, [keys.lock(name)], [token]);
    }
  }

  return {
    begin,
    claim,
    setTold,
    closeUntil,
    settle,
    owed,
    countOwed,
    addNotice,
    changeNotice,
    dropNotice,
    isShown,
    withLock,
  };
}
export type Deliveries = ReturnType<typeof createDeliveries>;
