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

const keptMs = 26 * 3_600_000;
const keptEntries = 1000;

/** A day, and as long as it is followed. */
const keptFor = (until: number) => keptMs + Math.max(0, until - Date.now());

const followAll = script(`
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, ARGV[1], ARGV[2])
  redis.call('PEXPIRE', key, ARGV[3])
end
return 1`);

/** Control-plane events of the last day, by caller and by machine, as polls read them. */
export function createTimelineStore(redis: Redis) {
  /** @param until how long somebody follows the owner, ms; 0 when nobody does */
  async function note(owner: string, events: readonly ActivityEvent[], until = 0): Promise<void> {
    const key = keys.timeline(owner);
    const pairs = events.flatMap((event) => {
      const { id, time: at, operation, resourceId, status, caller } = event;
      const happening: Happening = { id, at, who: caller.name, operation, resourceId, status };
      return [Date.parse(at), JSON.stringify(happening)];
    }) as [number, string];
    await redis
      .multi()
      .zadd(key, ...pairs)
      .zremrangebyrank(key, 0, -keptEntries - 1)
      .pexpire(key, keptFor(until))
      .exec();
  }

  /** Once each: an event read through two sources may be written differently. */
  async function between(owner: string, from: number, to: number): Promise<Happening[]> {
    const docs = await redis.zrangebyscore(keys.timeline(owner), from, to);
    const happenings = docs.map((doc) => JSON.parse(doc) as Happening);
    return [...new Map(happenings.map((happening) => [happening.id, happening])).values()];
  }

  /** Which alerts want to hear of these owners' events, and until when (ms). */
  const follow = (owners: readonly string[], alertId: string, until: number) =>
    followAll(redis, owners.map(keys.followers), [until, alertId, keptFor(until)]);
  async function followers(owner: string, now: number): Promise<{ alertIds: string[]; until: number }> {
    const rows = await redis.zrangebyscore(keys.followers(owner), now, '+inf', 'WITHSCORES');
    return { alertIds: rows.filter((_, i) => i % 2 === 0), until: Number(rows.at(-1) ?? 0) };
  }

  return { note, between, follow, followers };
}
export type TimelineStore = ReturnType<typeof createTimelineStore>;
