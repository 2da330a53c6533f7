import type { Redis } from 'ioredis';
import type { ActivityEvent } from '../../domain/activity/activity-event';
import { identityName } from '../../domain/activity/machine-identity';
import { keys } from '../keys';
import { script } from '../redis/lua-script';

/** One activity event in a timeline. */
export interface TimelineEvent {
  id: string;
  at: string;
  who: string;
  operation: string;
  resourceId: string;
  status: string;
}

/** An alert looks back one hour, and events may reach the log three hours late. */
const retentionMs = 6 * 3_600_000;
/** More than a message shows, because it merges equal consecutive entries. */
const maxEntries = 300;

/** Alerts that follow an owner at once. Those that follow longest stay. */
export const maxFollowers = 1000;

/** Owner of what a resource's own identity did, apart from what was done to the resource. @param holder in lower case */
export const identityOwner = (holder: string): string => `identity of ${holder}`;

/** Stores an owner's events, for as long as alerts follow it. Returns the followers. */
const noteScript = script(`
local now, kept = tonumber(ARGV[1]), tonumber(ARGV[2])
local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local followed = math.max(0, tonumber(last[2] or '0') - now)
for i = 4, #ARGV, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[3]) - 1)
redis.call('PEXPIRE', KEYS[1], kept + followed)
if followed == 0 then redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - kept) end
return redis.call('ZRANGEBYSCORE', KEYS[2], now, '+inf')`);

/** Follows owners and reads their events atomically, so that no event is missed in between. */
const followScript = script(`
local found = {}
for i = 1, #KEYS, 2 do
  redis.call('ZADD', KEYS[i + 1], ARGV[1], ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[i + 1], '-inf', '(' .. ARGV[5])
  redis.call('ZREMRANGEBYRANK', KEYS[i + 1], 0, ${-maxFollowers - 1})
  if redis.call('PTTL', KEYS[i + 1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[i + 1], ARGV[3]) end
  found[#found + 1] = redis.call('ZRANGEBYSCORE', KEYS[i], ARGV[4], ARGV[1], 'WITHSCORES')
end
return found`);

/** Control-plane events that ended in recent hours, by caller, by machine and by holder of the calling identity. */
export function createTimelineStore(redis: Redis) {
  /** Stores an owner's events and returns the alerts that follow it. */
  async function note(owner: string, events: readonly ActivityEvent[], now: number): Promise<string[]> {
    const pairs = events.flatMap(({ id, time, operation, resourceId, status, caller }) => [
      Date.parse(time),
      JSON.stringify([id, identityName(caller) ?? caller.name, operation, resourceId, status]),
    ]);
    const noted = await noteScript(
      redis,
      [keys.timeline(owner), keys.followers(owner)],
      [now, retentionMs, maxEntries, ...pairs],
    );
    return noted as string[];
  }

  /**
   * Events of owners from `from` until `until` (ms), deduplicated by id: two sources may format an event
   * differently. The alert follows the owners until `until`.
   */
  async function follow(
    owners: readonly string[],
    alertId: string,
    from: number,
    until: number,
  ): Promise<TimelineEvent[]> {
    const touched = owners.flatMap((owner) => [keys.timeline(owner), keys.followers(owner)]);
    const now = Date.now();
    const keptFor = retentionMs + Math.max(0, until - now);
    const found = (await followScript(redis, touched, [until, alertId, keptFor, from, now])) as string[][];
    const byId = new Map<string, TimelineEvent>();
    for (const rows of found) {
      for (let i = 0; i + 1 < rows.length; i += 2) {
        const row: unknown = JSON.parse(rows[i] ?? '[]');
        if (!Array.isArray(row)) continue; // Early versions wrote objects, which expire within hours.
        const [id, who, operation, resourceId, status] = row;
        const at = new Date(Number(rows[i + 1])).toISOString();
        byId.set(id, { id, at, who, operation, resourceId, status });
      }
    }
    return [...byId.values()];
  }

  return { note, follow };
}
export type TimelineStore = ReturnType<typeof createTimelineStore>;
