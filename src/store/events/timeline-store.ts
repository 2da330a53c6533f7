import type { Redis } from 'ioredis';
import type { ActivityEvent } from '../../domain/activity/activity-event';
import { identityName } from '../../domain/activity/machine-identity';
import { keys } from '../keys';
import { collect, script } from '../redis/lua-script';

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

/**
 * For each alert, follows its owners and reads their events atomically, so that no event is missed in between.
 * Arguments: now, then for each alert the number of its owners, until, its id, how long to keep and from.
 */
const followScript = script(`
local answers, owner = {}, 1
for a = 2, #ARGV, 5 do
  local found, kept = {}, tonumber(ARGV[a + 3])
  for _ = 1, ARGV[a] do
    local events, followers = KEYS[owner], KEYS[owner + 1]
    redis.call('ZADD', followers, ARGV[a + 1], ARGV[a + 2])
    redis.call('ZREMRANGEBYSCORE', followers, '-inf', '(' .. ARGV[1])
    redis.call('ZREMRANGEBYRANK', followers, 0, ${-maxFollowers - 1})
    if redis.call('PTTL', followers) < kept then redis.call('PEXPIRE', followers, kept) end
    found[#found + 1] = redis.call('ZRANGEBYSCORE', events, ARGV[a + 4], ARGV[a + 1], 'WITHSCORES')
    owner = owner + 2
  end
  answers[#answers + 1] = found
end
return answers`);

/** Alerts per script, so that a flood does not block Redis for long. */
const chunkSize = 50;

interface Follow {
  owners: readonly string[];
  alertId: string;
  from: number;
  until: number;
}

/** Control-plane events that ended in recent hours, by caller, by machine and by holder of the calling identity. */
export function createTimelineStore(redis: Redis) {
  const followTogether = collect(chunkSize, async (asked: readonly Follow[]) => {
    const now = Date.now();
    const touched = asked.flatMap(({ owners }) =>
      owners.flatMap((owner) => [keys.timeline(owner), keys.followers(owner)]),
    );
    const each = asked.flatMap(({ owners, alertId, from, until }) => [
      owners.length,
      until,
      alertId,
      retentionMs + Math.max(0, until - now),
      from,
    ]);
    return (await followScript(redis, touched, [now, ...each])) as string[][][];
  });

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
    const found = await followTogether({ owners, alertId, from, until });
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
