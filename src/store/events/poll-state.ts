import type { Redis } from 'ioredis';
import type { UnreadableRecord } from '../../domain/activity/activity-event';
import type { ManagementGroup } from '../../domain/resources/management-group';
import { keys } from '../keys';
import { hashPages } from '../redis/hash-pages';
import { script } from '../redis/lua-script';

/** Poll status of a subscription. */
export interface SubscriptionHealth {
  id: string;
  name: string;
  /** When Azure last answered a poll, RFC 3339; null before the first poll. */
  lastPollAt: string | null;
  /** Why the last poll failed; null if it succeeded. */
  error: string | null;
  /** HTTP status of the last failure; absent without a failure or a status. */
  status?: number | undefined;
  /** When the subscription was first seen, ms. */
  since?: number | undefined;
}

/** What was last read of the management groups above a subscription. */
export interface StoredManagementGroups {
  /** The nearest first; null if they were never read. */
  above: ManagementGroup[] | null;
  /** Why the last read failed; null if it succeeded. */
  error: string | null;
}

/** A span of a subscription's log that could not be read, ms. */
export interface Gap {
  from: number;
  to: number;
  error: string;
  /** When it was last retried, ms. */
  triedAt?: number;
  /** When Azure's retention ended before the gap was read, ms. */
  lostAt?: number;
}

/** People review unreadable records, so the newest thousand are enough. */
const maxUnreadable = 1000;

/** Azure keeps its log for 90 days: what is older can't be read again, s. */
const keptSeconds = 100 * 86_400;

/** Hashes with one field per subscription, besides that of the subscriptions themselves. */
const fieldsPerSubscription = [
  keys.watermarks,
  keys.watchedSince,
  keys.historyFilled,
  keys.pollFailures,
  keys.lateSlots,
  keys.vanished,
];

const closeGapScript = script(`
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end`);

const seenKeys = { all: keys.seen, running: keys.seenRunning } as const;

export function createPollState(redis: Redis) {
  const watermark = (subscriptionId: string) => redis.hget(keys.watermarks, subscriptionId);

  /** Watermarks by subscription; without those that have none. */
  async function watermarks(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await redis.hmget(keys.watermarks, ...ids);
    return new Map(
      ids.flatMap((id, index): [string, string][] => {
        const at = found[index];
        return at ? [[id, at]] : [];
      }),
    );
  }

  /** The event ids that are not marked as queued. Marks of kind `running` are kept longer. */
  async function unseen(
    subscriptionId: string,
    ids: readonly string[],
    kind: 'all' | 'running' = 'all',
  ): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const scores = await redis.zmscore(seenKeys[kind](subscriptionId), ...ids);
    return new Set(ids.filter((_, index) => scores[index] === null));
  }

  /** Marks events that run code and came from another source as queued. Drops marks before `forget`, ms. */
  async function markQueued(
    subscriptionId: string,
    events: readonly { id: string; time: string }[],
    forget: number,
  ): Promise<void> {
    const key = keys.seenRunning(subscriptionId);
    const pairs = events.flatMap(({ id, time }) => [Date.parse(time), id]) as [number, string];
    await redis
      .multi()
      .zadd(key, ...pairs)
      .zremrangebyscore(key, '-inf', `(${forget}`)
      .expire(key, keptSeconds)
      .exec();
  }

  /** Call after events are queued: stores their ids (time in ms) and drops those before `forget`. */
  async function commit(
    subscriptionId: string,
    seen: Record<'all' | 'running', { ids: ReadonlyMap<string, number>; forget: number }>,
  ): Promise<void> {
    const transaction = redis.multi();
    for (const kind of ['all', 'running'] as const) {
      const { ids, forget } = seen[kind];
      const key = seenKeys[kind](subscriptionId);
      const pairs = [...ids].flatMap(([id, at]) => [at, id]) as [number, string];
      if (ids.size > 0) transaction.zadd(key, ...pairs);
      transaction.zremrangebyscore(key, '-inf', `(${forget}`).expire(key, keptSeconds);
    }
    await transaction.exec();
  }

  /** Everything before the watermark was read. It is in Azure's time. */
  const moveWatermark = (subscriptionId: string, watermark: string) =>
    redis
      .multi()
      .hset(keys.watermarks, subscriptionId, watermark)
      .hsetnx(keys.watchedSince, subscriptionId, watermark)
      .exec();

  /** Consecutive failed polls of a subscription. */
  const failures = async (subscriptionId: string) =>
    Number((await redis.hget(keys.pollFailures, subscriptionId)) ?? 0);
  const noteFailures = (subscriptionId: string, count: number) =>
    count === 0
      ? redis.hdel(keys.pollFailures, subscriptionId)
      : redis.hset(keys.pollFailures, subscriptionId, count);

  /** A subscription's gaps, oldest first. */
  async function gaps(subscriptionId: string): Promise<Gap[]> {
    const docs = await redis.hvals(keys.gaps(subscriptionId));
    return docs.map((doc) => JSON.parse(doc) as Gap).sort((a, b) => a.from - b.from);
  }
  /** The subscriptions that have gaps. */
  async function gapsBySubscription(subscriptionIds: readonly string[]): Promise<Map<string, Gap[]>> {
    const withGaps = await redis.smembers(keys.withGaps);
    const wanted = withGaps.filter((id) => subscriptionIds.includes(id));
    const found = await Promise.all(wanted.map(async (id) => [id, await gaps(id)] as const));
    return new Map(found.filter(([, some]) => some.length > 0));
  }

  /** Adjacent or overlapping gaps are merged. */
  async function noteGap(subscriptionId: string, gap: Gap): Promise<void> {
    const touching = gap.lostAt
      ? []
      : (await gaps(subscriptionId)).filter(
          ({ from, to, lostAt }) => !lostAt && from <= gap.to && gap.from <= to,
        );
    const whole = {
      ...gap,
      from: Math.min(gap.from, ...touching.map(({ from }) => from)),
      to: Math.max(gap.to, ...touching.map(({ to }) => to)),
    };
    const forgotten = gap.lostAt
      ? (await gaps(subscriptionId)).filter(
          ({ lostAt = Infinity }) => lostAt < (gap.lostAt ?? 0) - keptSeconds * 1000,
        )
      : [];
    const change = redis.multi().sadd(keys.withGaps, subscriptionId);
    for (const { from } of [...touching, ...forgotten]) change.hdel(keys.gaps(subscriptionId), String(from));
    const key = keys.gaps(subscriptionId);
    await change.hset(key, String(whole.from), JSON.stringify(whole)).expire(key, keptSeconds).exec();
  }
  /** Splits a gap in two at `middle`. */
  const splitGap = (subscriptionId: string, gap: Gap, middle: number) =>
    redis
      .multi()
      .hset(keys.gaps(subscriptionId), String(gap.from), JSON.stringify({ ...gap, to: middle }))
      .hset(keys.gaps(subscriptionId), String(middle), JSON.stringify({ ...gap, from: middle }))
      .exec();
  /** The slot of the last check for late events; null before the first check. */
  const lateSlot = async (subscriptionId: string): Promise<number | null> => {
    const slot = await redis.hget(keys.lateSlots, subscriptionId);
    return slot === null ? null : Number(slot);
  };
  const setLateSlot = (subscriptionId: string, slot: number) =>
    redis.hset(keys.lateSlots, subscriptionId, slot);
  const markGapTried = (subscriptionId: string, gap: Gap, now: number) =>
    redis.hset(keys.gaps(subscriptionId), String(gap.from), JSON.stringify({ ...gap, triedAt: now }));
  const closeGap = (subscriptionId: string, { from }: Gap) =>
    closeGapScript(redis, [keys.gaps(subscriptionId), keys.withGaps], [String(from), subscriptionId]);

  /** When a subscription's log was first read, ms; null before that. */
  const watchedSince = async (subscriptionId: string): Promise<number | null> => {
    const since = await redis.hget(keys.watchedSince, subscriptionId);
    return since === null ? null : Date.parse(since);
  };

  /** Azure throttled the subscription. */
  const throttle = (subscriptionId: string, ms: number) =>
    redis.set(keys.throttled(subscriptionId), '1', 'PX', Math.ceil(ms));
  const isThrottled = async (subscriptionId: string) =>
    (await redis.exists(keys.throttled(subscriptionId))) === 1;

  async function subscriptions(): Promise<SubscriptionHealth[]> {
    const docs = await redis.hvals(keys.subscriptions);
    return docs.map((doc) => JSON.parse(doc) as SubscriptionHealth).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function subscription(id: string): Promise<SubscriptionHealth | null> {
    const doc = await redis.hget(keys.subscriptions, id);
    return doc ? (JSON.parse(doc) as SubscriptionHealth) : null;
  }

  const putSubscription = (health: SubscriptionHealth) =>
    redis.hset(keys.subscriptions, health.id, JSON.stringify(health));
  /**
   * Forgets subscriptions whose log can't be continued: they are not read, and Azure no longer has what came after
   * their watermark.
   */
  async function forgetGone(now: number): Promise<void> {
    const current = new Set(await redis.hkeys(keys.subscriptions));
    const gone = new Set((await redis.smembers(keys.withGaps)).filter((id) => !current.has(id)));
    for (const key of fieldsPerSubscription)
      for await (const page of hashPages(redis, key))
        for (const id of page.keys()) if (!current.has(id)) gone.add(id);
    const read = await watermarks([...gone]);
    for (const id of gone) {
      if (Date.parse(read.get(id) ?? '') > now - keptSeconds * 1000) continue;
      const change = redis.multi().srem(keys.withGaps, id);
      for (const key of fieldsPerSubscription) change.hdel(key, id);
      await change.del(keys.gaps(id), keys.seen(id), keys.seenRunning(id)).exec();
    }
  }

  const dropSubscription = (id: string) =>
    redis.multi().hdel(keys.subscriptions, id).hdel(keys.managementGroups, id).exec();

  /** Those above each subscription; null where none were stored. */
  async function managementGroups(
    ids: readonly string[],
  ): Promise<Map<string, StoredManagementGroups | null>> {
    const docs = await redis.hmget(keys.managementGroups, ...ids);
    return new Map(ids.map((id, index) => [id, JSON.parse(docs[index] ?? 'null')]));
  }

  const putManagementGroups = (groups: ReadonlyMap<string, StoredManagementGroups>) =>
    redis
      .multi()
      .hset(keys.managementGroups, new Map([...groups].map(([id, stored]) => [id, JSON.stringify(stored)])))
      .expire(keys.managementGroups, 30 * 86_400)
      .exec();

  async function storeUnreadable(records: readonly UnreadableRecord[]): Promise<void> {
    if (records.length === 0) return;
    const docs = records.map((record) => JSON.stringify(record));
    await redis
      .multi()
      .lpush(keys.unreadable, ...docs)
      .ltrim(keys.unreadable, 0, maxUnreadable - 1)
      .exec();
  }

  const unreadable = async () =>
    (await redis.lrange(keys.unreadable, 0, -1)).map((doc) => JSON.parse(doc) as UnreadableRecord);

  const countUnreadable = () => redis.llen(keys.unreadable);

  return {
    watermark,
    watermarks,
    countUnreadable,
    moveWatermark,
    failures,
    noteFailures,
    gaps,
    gapsBySubscription,
    noteGap,
    splitGap,
    markGapTried,
    lateSlot,
    setLateSlot,
    closeGap,
    unseen,
    markQueued,
    commit,
    watchedSince,
    subscriptions,
    subscription,
    putSubscription,
    dropSubscription,
    forgetGone,
    managementGroups,
    putManagementGroups,
    storeUnreadable,
    throttle,
    isThrottled,
    unreadable,
  };
}
export type PollState = ReturnType<typeof createPollState>;
