import type { Redis } from 'ioredis';
import type { Presser } from '../alerts/alert';
import type { Exception } from '../alerts/exception';
import { keys } from './keys';

/** A broad exception that is not in force until enough different people approved it. */
export interface PendingException {
  exception: Exception;
  /** Why one person is not enough. */
  why: string;
  by: Presser;
  at: string;
  approvals: Presser[];
}

/** How long an approval is waited for, ms. */
export const approvalHoldsMs = 86_400_000;

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
  /** Uses of several, added up. */
  const usesOf = async (ids: readonly string[]) =>
    (await Promise.all(ids.map(uses))).reduce((sum, count) => sum + count, 0);

  /** Broad exceptions that wait for approval; what waited too long is dropped. */
  async function pending(now: number): Promise<PendingException[]> {
    const docs = await redis.hvals(keys.pendingExceptions);
    const all = docs.map((doc) => JSON.parse(doc) as PendingException);
    const over = all.filter(({ at }) => now - Date.parse(at) > approvalHoldsMs);
    if (over.length > 0)
      await redis.hdel(keys.pendingExceptions, ...over.map(({ exception }) => exception.id));
    return all.filter((one) => !over.includes(one));
  }

  const putPending = (one: PendingException) =>
    redis.hset(keys.pendingExceptions, one.exception.id, JSON.stringify(one));
  const removePending = (id: string) => redis.hdel(keys.pendingExceptions, id);

  return { list, get, put, remove, noteUse, uses, usesOf, pending, putPending, removePending };
}
export type ExceptionsStore = ReturnType<typeof createExceptionsStore>;
