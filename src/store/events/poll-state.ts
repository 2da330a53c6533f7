import type { Redis } from 'ioredis';
import type { UnreadableRecord } from '../../domain/activity/activity-event';
import { keys } from '../keys';

/** How a subscription's polling goes. */
export interface SubscriptionHealth {
  id: string;
  name: string;
  /** When Azure last answered a poll, RFC 3339; null before the first. */
  lastPollAt: string | null;
  /** Why the last poll failed; null when it went well. */
  error: string | null;
  /** HTTP status of the last failure; absent when it had none, or all is well. */
  status?: number | undefined;
  /** Since when it is known, ms. */
  since?: number | undefined;
}

/** A span of a subscription's log that could not be read, ms. */
export interface Gap {
  from: number;
  to: number;
  error: string;
  /** When it was tried last, ms. */
  triedAt?: number;
  /** Since when Azure keeps it no longer, ms: it was never read. */
  lostAt?: number;
}

/** Set-aside records are looked at by people: the newest thousand are enough. */
const keptUnreadable = 1000;

const seenKeys = { all: keys.seen, running: keys.seenRunning } as const;

export function createPollState(redis: Redis) {
  const watermark = (subscriptionId: string) => redis.hget(keys.watermarks, subscriptionId);

  /** Of these event ids, those that no poll has queued yet; `running` ones are remembered for longer. */
  async function unseen(
    subscriptionId: string,
    ids: readonly string[],
    kind: 'all' | 'running' = 'all',
  ): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const scores = await redis.zmscore(seenKeys[kind](subscriptionId), ...ids);
    return new Set(ids.filter((_, index) => scores[index] === null));
  }

  /** Events that run code and were queued from elsewhere than a poll: polls leave them. Forgets those before a time, ms. */
  async function remember(
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
      .exec();
  }

  /** After what was read is safely queued: remembers the ids (time in ms), and forgets those before. */
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
      transaction.zremrangebyscore(key, '-inf', `(${forget}`);
    }
    await transaction.exec();
  }

  /** Everything before it was read. It is Azure's time. */
  const moveWatermark = (subscriptionId: string, watermark: string) =>
    redis
      .multi()
      .hset(keys.watermarks, subscriptionId, watermark)
      .hsetnx(keys.watchedSince, subscriptionId, watermark)
      .exec();

  /** Failures of a subscription's polls in a row. */
  const failures = async (subscriptionId: string) =>
    Number((await redis.hget(keys.pollFailures, subscriptionId)) ?? 0);
  const noteFailures = (subscriptionId: string, count: number) =>
    count === 0
      ? redis.hdel(keys.pollFailures, subscriptionId)
      : redis.hset(keys.pollFailures, subscriptionId, count);

  /** Spans that could not be read, the oldest first. */
  async function gaps(subscriptionId: string): Promise<Gap[]> {
    const docs = await redis.hvals(keys.gaps(subscriptionId));
    return docs.map((doc) => JSON.parse(doc) as Gap).sort((a, b) => a.from - b.from);
  }
  /** Of many subscriptions, those that have any. */
  async function allGaps(subscriptionIds: readonly string[]): Promise<Map<string, Gap[]>> {
    const withGaps = await redis.smembers(keys.withGaps);
    const wanted = withGaps.filter((id) => subscriptionIds.includes(id));
    const found = await Promise.all(wanted.map(async (id) => [id, await gaps(id)] as const));
    return new Map(found.filter(([, some]) => some.length > 0));
  }

  /** Gaps that touch are one. */
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
    const change = redis.multi().sadd(keys.withGaps, subscriptionId);
    for (const { from } of touching) change.hdel(keys.gaps(subscriptionId), String(from));
    await change.hset(keys.gaps(subscriptionId), String(whole.from), JSON.stringify(whole)).exec();
  }
  /** As two that meet in the middle. */
  const splitGap = (subscriptionId: string, gap: Gap, middle: number) =>
    redis
      .multi()
      .hset(keys.gaps(subscriptionId), String(gap.from), JSON.stringify({ ...gap, to: middle }))
      .hset(keys.gaps(subscriptionId), String(middle), JSON.stringify({ ...gap, from: middle }))
      .exec();
  /** The slot of the last look for events that came late; null before the first. */
  const lateSlot = async (subscriptionId: string): Promise<number | null> => {
    const slot = await redis.hget(keys.lateSlots, subscriptionId);
    return slot === null ? null : Number(slot);
  };
  const noteLate = (subscriptionId: string, slot: number) => redis.hset(keys.lateSlots, subscriptionId, slot);
  const gapTried = (subscriptionId: string, gap: Gap, now: number) =>
    redis.hset(keys.gaps(subscriptionId), String(gap.from), JSON.stringify({ ...gap, triedAt: now }));
  const closeGap = (subscriptionId: string, { from }: Gap) =>
    redis.hdel(keys.gaps(subscriptionId), String(from));

  /** When a subscription's log was read first, ms; null before that. */
  const watchedSince = async (subscriptionId: string): Promise<number | null> => {
    const since = await redis.hget(keys.watchedSince, subscriptionId);
    return since === null ? null : Date.parse(since);
  };

  /** Azure asked to leave the subscription alone for a while. */
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
  const dropSubscription = (id: string) => redis.hdel(keys.subscriptions, id);

  async function setAside(records: readonly UnreadableRecord[]): Promise<void> {
    if (records.length === 0) return;
    const docs = records.map((record) => JSON.stringify(record));
    await redis
      .multi()
      .lpush(keys.unreadable, ...docs)
      .ltrim(keys.unreadable, 0, keptUnreadable - 1)
      .exec();
  }

  const unreadable = async () =>
    (await redis.lrange(keys.unreadable, 0, -1)).map((doc) => JSON.parse(doc) as UnreadableRecord);

  return {
    watermark,
    moveWatermark,
    failures,
    noteFailures,
    gaps,
    allGaps,
    noteGap,
    splitGap,
    gapTried,
    lateSlot,
    noteLate,
    closeGap,
    unseen,
    remember,
    commit,
    watchedSince,
    subscriptions,
    subscription,
    putSubscription,
    dropSubscription,
    setAside,
    throttle,
    isThrottled,
    unreadable,
  };
}
export type PollState = ReturnType<typeof createPollState>;
