import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import { appendChange } from './change-feed';
import { keys } from './keys';
import { script } from './redis/lua-script';
import { readAlert } from './upgrade-alert';

/** Identifies a message on a surface. */
export interface MessageRef {
  channel: string;
  /** Slack's ts, Teams' activity id. */
  message: string;
}

/** What a surface last showed of an alert or notice. */
export interface DeliveryState {
  ref: MessageRef | null;
  /** Digest of the content last sent. */
  shown: string | null;
  /** When a post with unknown outcome started, ms; null if there is none. */
  attemptAt: number | null;
  /** Channel of that attempt. The route may have changed since. */
  attemptIn?: string | undefined;
  /** When a process started to wait for the response to this post, ms. */
  posting?: number;
}

/** A short message that is not an alert, such as a subscription that denies access. */
export interface Notice {
  id: string;
  text: string;
  /** Email address of a person who gets it directly, if the chat knows the address. */
  to?: string;
  /** Channel by surface, instead of the default. */
  channels?: Record<string, string>;
  /** Slack user group to mention. */
  mention?: string;
  /** Buttons below the text. `value` is sent with the press. */
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
 * Reads in one step, for each delivery, its alert, its notice and its state on the surface. Also reserves
 * the channel's next free time slot. Slots are assigned in order, so no delivery waits twice. A delivery
 * that has a slot takes none. A batch takes only slots that are free now.
 */
const open = script(`
local now, interval, mode = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local slot = KEYS[1]
local answers = {}
local free = math.max(now, tonumber(redis.call('GET', slot) or '0'))
for i = 2, #KEYS, 3 do
  local state = redis.call('GET', KEYS[i + 2])
  local at = free
  if mode == 'held' then at = now
  elseif mode == 'alone' or (at <= now + 1 and not state) then free = free + interval end
  answers[#answers + 1] = { redis.call('HGET', KEYS[i], 'doc'), redis.call('GET', KEYS[i + 1]), state, tostring(at), redis.call('HGET', KEYS[i], 'touched') }
end
if free > now then redis.call('SET', slot, tostring(free), 'PX', math.ceil(free - now + 60000)) end
return answers`);

/** Claims an attempt only if the delivery state is unchanged since it was read. */
const claimScript = script(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', 34560000)
return 1`);

const pauseChannel = script(`
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000)
end
return 1`);

/**
 * Stores the delivery state. Clears the undelivered mark unless the alert or one of its measures changed
 * since.
 */
const settleScript = script(`
if ARGV[3] ~= '' then redis.call('SET', KEYS[3], ARGV[3], 'EX', 34560000) end
local rev = redis.call('HGET', KEYS[2], 'rev')
if rev and tonumber(rev) > tonumber(ARGV[2]) then return 0 end
if (redis.call('HGET', KEYS[2], 'touched') or '0') ~= ARGV[4] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])`);

const addNoticeScript = script(`
if not redis.call('SET', KEYS[1], ARGV[1], 'EX', ${30 * 86_400}, 'NX') then return 0 end
for i = 3, #KEYS do redis.call('ZADD', KEYS[i], ARGV[2], ARGV[3]) end
${appendChange('KEYS[2]', "'notice.posted'", 'ARGV[3]', "'0'")}
return 1`);

/** Stores a changed notice, unless it changed since it was read, and marks it undelivered. */
const changeNoticeScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
for i = 2, #KEYS do redis.call('ZADD', KEYS[i], ARGV[3], ARGV[4]) end
return 1`);

const extendLock = script(
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`,
);

const releaseLock = script(
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`,
);

/** Input of a delivery. `at` is when to send, ms. `storedState` is the stored JSON of `state`. */
export interface DeliveryInput {
  alert: Alert | null;
  notice: Notice | null;
  state: DeliveryState;
  storedState: string;
  at: number;
  /** Number of changes to the alert's measures and approvals. */
  touched: number;
}

const emptyState: DeliveryState = { ref: null, shown: null, attemptAt: null };

export function createDeliveries(redis: Redis) {
  /**
   * Reads the input of deliveries, in the order of `ids`.
   * @param slot 'held': already has a slot; 'alone': takes the next slot; 'batch': takes only slots free now
   */
  async function begin(
    { name: surface, channel, intervalMs }: { name: string; channel: string; intervalMs: number },
    ids: readonly string[],
    now: number,
    slot: 'held' | 'alone' | 'batch',
  ): Promise<DeliveryInput[]> {
    const touched = ids.flatMap((id) => [keys.alert(id), keys.notice(id), keys.deliveryState(surface, id)]);
    const rows = (await open(redis, [keys.slot(channel), ...touched], [now, intervalMs, slot])) as (
      | string
      | null
    )[][];
    return rows.map(([alert, notice, state, at, touched]) => ({
      alert: alert ? readAlert(alert) : null,
      notice: notice ? JSON.parse(notice) : null,
      state: state ? JSON.parse(state) : emptyState,
      storedState: state ?? '',
      at: Number(at),
      touched: Number(touched ?? 0),
    }));
  }

  /** Records that posting starts; false if another process was first. */
  const claim = async (
    surface: string,
    id: string,
    storedState: string,
    attempt: DeliveryState,
  ): Promise<boolean> =>
    (await claimScript(redis, [keys.deliveryState(surface, id)], [storedState, JSON.stringify(attempt)])) ===
    1;

  const saveDeliveryState = (surface: string, id: string, value: DeliveryState) =>
    redis.set(keys.deliveryState(surface, id), JSON.stringify(value), 'EX', 400 * 86_400);

  /** Blocks sends to the channel until `at` (Retry-After). */
  const pauseUntil = (channel: string, at: number) => pauseChannel(redis, [keys.slot(channel)], [at]);

  /** Until when the channel is paused, ms; 0 if it is not. */
  const pausedUntil = async (channel: string): Promise<number> =>
    Number((await redis.get(keys.slot(channel))) ?? 0);

  const settle = (
    surface: string,
    id: string,
    seen: { rev: number; touched: number },
    state: DeliveryState | null,
  ) =>
    settleScript(
      redis,
      [keys.undelivered(surface), keys.alert(id), keys.deliveryState(surface, id)],
      [id, seen.rev, state ? JSON.stringify(state) : '', seen.touched],
    );

  /**
   * Undelivered ids, oldest first, from the one at `start`. Skips those marked within 5 s of `now` (ms), whose
   * delivery is in progress. `next` is where the rest starts; 0 after the last.
   */
  async function undeliveredIds(
    surface: string,
    now: number,
    { start = 0, limit = 1000 }: { start?: number; limit?: number } = {},
  ): Promise<{ ids: string[]; next: number }> {
    const key = keys.undelivered(surface);
    const rows = await redis.zrange(key, start, String(start + limit - 1), 'WITHSCORES');
    const ids = rows.filter((_, i) => i % 2 === 0 && Math.abs(now - Number(rows[i + 1])) > 5000);
    return { ids, next: rows.length < 2 * limit ? 0 : start + limit };
  }

  const countUndelivered = (surface: string) => redis.zcard(keys.undelivered(surface));

  /** When the oldest undelivered message was marked, ms; null if none waits. */
  const waitingSince = async (surface: string): Promise<number | null> => {
    const [, at] = await redis.zrange(keys.undelivered(surface), 0, '0', 'WITHSCORES');
    return at === undefined ? null : Number(at);
  };

  /** Stores a notice, marks it undelivered and adds it to the feed in one step. False if it was added before. */
  const addNotice = async (notice: Notice, surfaces: readonly string[]): Promise<boolean> =>
    (await addNoticeScript(
      redis,
      [keys.notice(notice.id), keys.feed, ...surfaces.map(keys.undelivered)],
      [JSON.stringify(notice), Date.now(), notice.id],
    )) === 1;

  /** Changes a notice, even if it is already posted. */
  async function changeNotice(
    id: string,
    change: (notice: Notice) => Notice,
    surfaces: readonly string[],
  ): Promise<boolean> {
    for (;;) {
      const doc = await redis.get(keys.notice(id));
      if (!doc) return false;
      const changed = JSON.stringify(change(JSON.parse(doc) as Notice));
      const stored = await changeNoticeScript(
        redis,
        [keys.notice(id), ...surfaces.map(keys.undelivered)],
        [doc, changed, Date.now(), id],
      );
      if (stored === 1) return true;
    }
  }

  /** Whether it was posted to any of these surfaces. */
  async function isPosted(id: string, surfaces: readonly string[]): Promise<boolean> {
    for (const surface of surfaces) {
      const state = await redis.get(keys.deliveryState(surface, id));
      if (state && (JSON.parse(state) as DeliveryState).ref) return true;
    }
    return false;
  }

  async function getNotice(id: string): Promise<Notice | null> {
    const doc = await redis.get(keys.notice(id));
    return doc ? (JSON.parse(doc) as Notice) : null;
  }

  const dropNotice = (id: string) => redis.del(keys.notice(id));

  /**
   * Runs `work` while holding a lock; null if another process holds it. The lock is renewed while `work`
   * runs, and expires within `ms` if the process dies.
   */
  async function withLock<T>(name: string, ms: number, work: () => Promise<T>): Promise<T | null> {
    const token = `${process.pid}-${Math.random()}`;
    if ((await redis.set(keys.lock(name), token, 'PX', ms, 'NX')) !== 'OK') return null;
    const holding = setInterval(() => {
      extendLock(redis, [keys.lock(name)], [token, ms]).catch(() => {});
    }, ms / 3);
    try {
      return await work();
    } finally {
      clearInterval(holding);
      await releaseLock(redis, [keys.lock(name)], [token]);
    }
  }

  return {
    begin,
    claim,
    saveDeliveryState,
    pauseUntil,
    pausedUntil,
    settle,
    undeliveredIds,
    countUndelivered,
    waitingSince,
    addNotice,
    changeNotice,
    getNotice,
    dropNotice,
    isPosted,
    withLock,
  };
}
export type Deliveries = ReturnType<typeof createDeliveries>;
