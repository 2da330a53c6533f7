import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { keys } from './keys';

/** A trouble that lasts, as it was told. */
export interface ToldTrouble {
  id: string;
  kind: string;
  says: string;
  over: string;
  /** Since when it is known, ms. */
  since: number;
  /** Its notice in chat; null while it is too young to be told. */
  noticeId: string | null;
  /** Chat did not take it, so an incident was opened. */
  escalated?: boolean;
}

/** Whether a place takes what it is sent. */
interface PlaceHealth {
  okAt: number | null;
  failedAt: number | null;
  error: string | null;
}

/** A place that works is written down this often, ms. */
const writeEveryMs = 10_000;
/** What nobody has heard of for this long says nothing any more, ms. */
const forgottenMs = 3_600_000;
/** A refused message is tried again each minute, ms. */
const failureLastsMs = 120_000;
const clockForgottenMs = 600_000;
const host = hostname();

/** How the bot does, beyond what polls and the event hub keep themselves. */
export function createHealthStore(redis: Redis) {
  /** @param place such as "slack C0123" or "audit file" */
  async function note(place: string, error: string | null, now: number): Promise<void> {
    const before = await of(place);
    const ok = error === null;
    const wasOk = before !== null && (before.okAt ?? 0) > (before.failedAt ?? 0);
    if (ok && wasOk && now - (before.okAt ?? 0) < writeEveryMs) return;
    const next: PlaceHealth = ok
      ? { okAt: now, failedAt: before?.failedAt ?? null, error: before?.error ?? null }
      : { okAt: before?.okAt ?? null, failedAt: now, error: error.slice(0, 300) };
    await redis.hset(keys.surfaceHealth, place, JSON.stringify(next));
  }

  async function of(place: string): Promise<PlaceHealth | null> {
    const doc = await redis.hget(keys.surfaceHealth, place);
    return doc ? (JSON.parse(doc) as PlaceHealth) : null;
  }

  /** Places that failed last, or lately: one message that is refused again and again is one trouble. */
  async function failing(now: number): Promise<{ place: string; error: string }[]> {
    const all = Object.entries(await redis.hgetall(keys.surfaceHealth));
    return all.flatMap(([place, doc]) => {
      const { okAt, failedAt, error } = JSON.parse(doc) as PlaceHealth;
      if (failedAt === null || now - failedAt > forgottenMs) return [];
      const lasts = !place.startsWith('audit ') && now - failedAt < failureLastsMs;
      return lasts || (okAt ?? 0) < failedAt ? [{ place, error: error ?? '' }] : [];
    });
  }

  async function troubles(): Promise<ToldTrouble[]> {
    return (await redis.hvals(keys.troubles)).map((doc) => JSON.parse(doc) as ToldTrouble);
  }
  const putTrouble = (trouble: ToldTrouble) => redis.hset(keys.troubles, trouble.id, JSON.stringify(trouble));
  const dropTrouble = (id: string) => redis.hdel(keys.troubles, id);

  /** True for one process each `everyMs`. */
  const isDue = async (name: string, everyMs: number, now: number): Promise<boolean> => {
    const slot = Math.floor(now / everyMs);
    return (await redis.set(keys.due(name, slot), '1', 'PX', everyMs * 2, 'NX')) === 'OK';
  };

  /** How far Azure's clock is ahead of this host's, ms; forgotten after ten minutes. */
  const noteClock = (offsetMs: number, now: number) =>
    redis.hset(keys.clockOffsets, host, JSON.stringify({ offsetMs: Math.round(offsetMs), at: now }));
  /** Of the host that is off furthest. */
  async function clockOffset(now: number): Promise<number> {
    let worst = 0;
    for (const [name, doc] of Object.entries(await redis.hgetall(keys.clockOffsets))) {
      const { offsetMs, at } = JSON.parse(doc) as { offsetMs: number; at: number };
      // A host's own time stands here, which is off; Azure's is offsetMs ahead of it.
      const age = Math.abs(now - at - offsetMs);
      if (age > clockForgottenMs && Math.abs(now - at) > clockForgottenMs)
        await redis.hdel(keys.clockOffsets, name);
      else if (Math.abs(offsetMs) > Math.abs(worst)) worst = offsetMs;
    }
    return worst;
  }

  /** A subscription that is no longer seen. */
  const noteVanished = (subscription: { id: string; name: string; at: number }) =>
    redis.hset(keys.vanished, subscription.id, JSON.stringify(subscription));
  const dropVanished = (id: string) => redis.hdel(keys.vanished, id);
  const vanished = async () =>
    (await redis.hvals(keys.vanished)).map(
      (doc) => JSON.parse(doc) as { id: string; name: string; at: number },
    );

  return {
    isDue,
    note,
    failing,
    troubles,
    putTrouble,
    dropTrouble,
    noteClock,
    clockOffset,
    noteVanished,
    dropVanished,
    vanished,
  };
}
export type HealthStore = ReturnType<typeof createHealthStore>;
