import type { Redis } from 'ioredis';
import type { Presser } from '../domain/people/person';
import { keys } from './keys';
import { script } from './redis/lua-script';

/** A temporary watch on a caller, a machine or a script. */
export interface Watch {
  /** A caller's key, a machine's id or a script's SHA-256, in lowercase. */
  owner: string;
  alertId: string;
  by: Presser;
  /** RFC 3339. Alerts that started earlier are not scored by it. Absent in watches stored before 0.2. */
  since?: string | undefined;
  /** RFC 3339. */
  until: string;
}

/** Stores a watch, removes expired ones that did not change since they were read, and sets when all have expired. */
const putWatch = script(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
for i = 4, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end`);

export function createWatches(redis: Redis) {
  /** Watches that have not expired. */
  async function list(now: number): Promise<Watch[]> {
    const docs = await redis.hvals(keys.watches);
    return docs.map((doc) => JSON.parse(doc) as Watch).filter((watch) => Date.parse(watch.until) > now);
  }
  /** Extends a watch on the same owner that is still active: its start stays. */
  async function put(watch: Watch & { since: string }): Promise<void> {
    const now = Date.parse(watch.since);
    const rows = Object.entries(await redis.hgetall(keys.watches)).map(([owner, doc]) => {
      const stored = JSON.parse(doc) as Watch;
      return { owner, doc, stored, end: Date.parse(stored.until) };
    });
    const active = rows.find(({ owner, end }) => owner === watch.owner && end > now);
    const since = active ? active.stored.since : watch.since;
    const expired = rows.filter(({ owner, end }) => owner !== watch.owner && end <= now);
    const lastEnd = Math.max(Date.parse(watch.until), ...rows.map(({ end }) => end));
    await putWatch(
      redis,
      [keys.watches],
      [
        watch.owner,
        JSON.stringify({ ...watch, since }),
        lastEnd - now,
        ...expired.flatMap(({ owner, doc }) => [owner, doc]),
      ],
    );
  }
  const remove = (owner: string) => redis.hdel(keys.watches, owner);
  return { list, put, remove };
}
