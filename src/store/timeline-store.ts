import type { Redis } from 'ioredis';
import type { ActivityEvent } from '../alerts/activity-event';
import { keys } from './keys';
import { script } from './scripts';

/** What a timeline shows of one activity event. */
export interface Happening {
  id: string;
  at: string;
  who: string;
  operation: string;
  resourceId: string;
  status: string;
}

/** An alert looks an hour back, and an event may reach the log three hours late. */
const keptMs = 6 * 3_600_000;
/** More than a message shows, since equal neighbours are one line there. */
const keptEntries = 300;

/** As long as it is followed, and a while more. */
const keptFor = (until: number, now: number) => keptMs + Math.max(0, until - now);

const followAll = script(`
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, ARGV[1], ARGV[2])
  redis.call('PEXPIRE', key, ARGV[3])
end
return 1`);

/** Control-plane events that ended in the last hours, by caller and by machine. */
export function createTimelineStore(redis: Redis) {
  /** @param until how long somebody follows the owner, ms; 0 when nobody does */
  async function note(
    owner: string,
    events: readonly ActivityEvent[],
    until: number,
    now: number,
  ): Promise<void> {
    const key = keys.timeline(owner);
    const pairs = events.flatMap(({ id, time, operation, resourceId, status, caller }) => [
      Date.parse(time),
      JSON.stringify([id, caller.name, operation, resourceId, status]),
    ]) as [number, string];
    const transaction = redis
      .multi()
      .zadd(key, ...pairs)
      .zremrangebyrank(key, 0, -keptEntries - 1)
      .pexpire(key, keptFor(until, now));
    if (until < now) transaction.zremrangebyscore(key, '-inf', now - keptMs);
    await transaction.exec();
  }

  /** Once each: an event read through two sources may be written differently. */
  async function between(owner: string, from: number, to: number): Promise<Happening[]> {
    const rows = await redis.zrangebyscore(keys.timeline(owner), from, to, 'WITHSCORES');
    const byId = new Map<string, Happening>();
    for (let i = 0; i + 1 < rows.length; i += 2) {
      const row: unknown = JSON.parse(rows[i] ?? '[]');
      if (!Array.isArray(row)) continue; // The first versions wrote objects; they are gone within hours.
      const [id, who, operation, resourceId, status] = row;
      byId.set(id, {
        id,
        at: new Date(Number(rows[i + 1])).toISOString(),
        who,
        operation,
        resourceId,
        status,
      });
    }
    return [...byId.values()];
  }

  /** Which alerts want to hear of these owners' events, and until when (ms). */
  const follow = (owners: readonly string[], alertId: string, until: number) =>
    followAll(redis, owners.map(keys.followers), [until, alertId, keptFor(until, Date.now())]);
  async function followers(owner: string, now: number): Promise<{ alertIds: string[]; until: number }> {
    const rows = await redis.zrangebyscore(keys.followers(owner), now, '+inf', 'WITHSCORES');
    return { alertIds: rows.filter((_, i) => i % 2 === 0), until: Number(rows.at(-1) ?? 0) };
  }

  return { note, between, follow, followers };
}
export type TimelineStore = ReturnType<typeof createTimelineStore>;
