import type { Redis } from 'ioredis';
import type { Exception } from '../alerts/exception';
import { keys } from './keys';

export function createExceptionsStore(redis: Redis) {
  async function list(): Promise<Exception[]> {
    const docs = await redis.hvals(keys.exceptions);
    return docs.map((doc) => JSON.parse(doc) as Exception).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function get(id: string): Promise<Exception | null> {
    const doc = await redis.hget(keys.exceptions, id);
    return doc ? (JSON.parse(doc) as Exception) : null;
  }

  const put = (exception: Exception) => redis.hset(keys.exceptions, exception.id, JSON.stringify(exception));
  const remove = (id: string) => redis.hdel(keys.exceptions, id);

  /** Counts an alert that an exception suppressed, each alert once. */
  const noteUse = (id: string, alertId: string) => redis.sadd(`${keys.exceptionUses}:${id}`, alertId);
  const uses = (id: string) => redis.scard(`${keys.exceptionUses}:${id}`);

  return { list, get, put, remove, noteUse, uses };
}
export type ExceptionsStore = ReturnType<typeof createExceptionsStore>;
