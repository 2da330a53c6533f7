import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { keys } from './keys';

/** An ongoing problem, as reported. */
export interface ReportedTrouble {
  id: string;
  kind: string;
  says: string;
  over: string;
  /** When it was first detected, ms. */
  since: number;
  /** Its notice in chat; null while it is too recent to report. */
  noticeId: string | null;
  /** Chat delivery failed, so an incident was opened. */
  escalated?: boolean;
}

/** Delivery status of a destination. */
interface PlaceHealth {
  okAt: number | null;
  failedAt: number | null;
  error: string | null;
}

/** For how long a success is not compared with what is stored, ms. */
const readEveryMs = 1000;
/** How often the success of a working destination is stored, ms. */
const writeEveryMs = 10_000;
/** Failures older than this are ignored, ms. */
const staleAfterMs = 3_600_000;
/** A destination counts as failing for this long, because rejected messages are retried every minute, ms. */
const failureWindowMs = 120_000;
/** Destinations that had no message for this long are forgotten: they are no longer configured, ms. */
const forgottenAfterMs = 90 * 86_400_000;
const clockStaleAfterMs = 600_000;
const host = hostname();

/** The place that is noted when Azure refuses a row for Microsoft Sentinel. It is never noted as working again. */
export const rejectedRows = 'sentinel rejected rows';
/** Whether a place receives copies, which are sent again until they arrive. */
export const isCopy = (place: string): boolean => /^(audit|sentinel) /.test(place);

/** The bot's health, except for polls and the event hub, which store their own. */
export function createHealthStore(redis: Redis) {
  /** When this process last found that a place works, ms. */
  const worked = new Map<string, number>();

  /** @param place such as "slack C0123" or "audit file" */
  async function note(place: string, error: string | null, now: number): Promise<void> {
    const ok = error === null;
    if (ok && Math.abs(now - (worked.get(place) ?? 0)) < readEveryMs) return;
    if (ok) worked.set(place, now);
    else worked.delete(place);
    const before = await of(place);
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

  /**
   * Destinations whose last attempt failed, or that failed recently. Repeated rejections count as one
   * problem.
   */
  async function failing(now: number): Promise<{ place: string; error: string }[]> {
    const all = Object.entries(await redis.hgetall(keys.surfaceHealth));
    return all.flatMap(([place, doc]) => {
      const { okAt, failedAt, error } = JSON.parse(doc) as PlaceHealth;
      if (failedAt === null || now - failedAt > staleAfterMs) return [];
      const lasts = !isCopy(place) && now - failedAt < failureWindowMs;
      return lasts || (okAt ?? 0) < failedAt ? [{ place, error: error ?? '' }] : [];
    });
  }

  /** When each destination last accepted something, ms. */
  async function accepted(): Promise<{ place: string; at: number }[]> {
    const all = Object.entries(await redis.hgetall(keys.surfaceHealth));
    return all.flatMap(([place, doc]) => {
      const { okAt } = JSON.parse(doc) as PlaceHealth;
      return okAt === null ? [] : [{ place, at: okAt }];
    });
  }

  async function forgetPlaces(now: number): Promise<void> {
    for (const [place, doc] of Object.entries(await redis.hgetall(keys.surfaceHealth))) {
      const { okAt, failedAt } = JSON.parse(doc) as PlaceHealth;
      if (Math.max(okAt ?? 0, failedAt ?? 0) < now - forgottenAfterMs)
        await redis.hdel(keys.surfaceHealth, place);
    }
  }

  async function troubles(): Promise<ReportedTrouble[]> {
    return (await redis.hvals(keys.troubles)).map((doc) => JSON.parse(doc) as ReportedTrouble);
  }
  const putTrouble = (trouble: ReportedTrouble) =>
    redis.hset(keys.troubles, trouble.id, JSON.stringify(trouble));
  const dropTrouble = (id: string) => redis.hdel(keys.troubles, id);

  /** True for one process per `everyMs`. */
  const isDue = async (name: string, everyMs: number, now: number): Promise<boolean> => {
    const slot = Math.floor(now / everyMs);
    return (await redis.set(keys.due(name, slot), '1', 'PX', everyMs * 2, 'NX')) === 'OK';
  };

  /** How far Azure's clock is ahead of this host's, ms. Expires after ten minutes. */
  const noteClock = (offsetMs: number, now: number) =>
    redis.hset(keys.clockOffsets, host, JSON.stringify({ offsetMs: Math.round(offsetMs), at: now }));
  /** The largest offset of any host. */
  async function clockOffset(now: number): Promise<number> {
    let worst = 0;
    for (const [name, doc] of Object.entries(await redis.hgetall(keys.clockOffsets))) {
      const { offsetMs, at } = JSON.parse(doc) as { offsetMs: number; at: number };
      // `at` is in the host's own time. Azure's time is offsetMs ahead of it.
      const age = Math.abs(now - at - offsetMs);
      if (age > clockStaleAfterMs && Math.abs(now - at) > clockStaleAfterMs)
        await redis.hdel(keys.clockOffsets, name);
      else if (Math.abs(offsetMs) > Math.abs(worst)) worst = offsetMs;
    }
    return worst;
  }

  /** Records a subscription that is no longer visible. */
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
    accepted,
    forgetPlaces,
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
