import type { Redis } from 'ioredis';
import type { Presser } from '../domain/people/person';
import { keys } from './keys';

/** A temporary watch on a caller, a machine or a script. */
export interface Watch {
  /** A caller's key, a machine's id or a script's SHA-256, in lowercase. */
  owner: string;
  alertId: string;
  by: Presser;
  /** RFC 3339. */
  until: string;
}

export function createWatches(redis: Redis) {
  /** Watches that have not expired. */
  async function list(now: number): Promise<Watch[]> {
    const docs = await redis.hvals(keys.watches);
    return docs.map((doc) => JSON.parse(doc) as Watch).filter((watch) => Date.parse(watch.until) > now);
  }
  const put = (watch: Watch) => redis.hset(keys.watches, watch.owner, JSON.stringify(watch));
  const remove = (owner: string) => redis.hdel(keys.watches, owner);
  return { list, put, remove };
}
