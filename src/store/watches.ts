import type { Redis } from 'ioredis';
import type { Presser } from '../domain/people/person';
import { keys } from './keys';

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

export function createWatches(redis: Redis) {
  /** Watches that have not expired. */
  async function list(now: number): Promise<Watch[]> {
    const docs = await redis.hvals(keys.watches);
    return docs.map((doc) => JSON.parse(doc) as Watch).filter((watch) => Date.parse(watch.until) > now);
  }
  /** Extends a watch on the same owner that is still active: its start stays. */
  async function put(watch: Watch & { since: string }): Promise<void> {
    const active = (await list(Date.parse(watch.since))).find(({ owner }) => owner === watch.owner);
    const since = active ? active.since : watch.since;
    await redis.hset(keys.watches, watch.owner, JSON.stringify({ ...watch, since }));
  }
  const remove = (owner: string) => redis.hdel(keys.watches, owner);
  return { list, put, remove };
}
