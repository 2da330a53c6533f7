import type { Redis } from 'ioredis';
import type { AuditDraft, AuditSigner } from '../domain/audit/audit-chain';
import type { Exception } from '../domain/exceptions/exception';
import { auditedScript } from './audit/audited-write';
import { appendChange } from './change-feed';
import { createExceptionUses } from './exception-uses';
import { keys } from './keys';

/** Stores or removes an exception with its audit entry and its change in the feed, once per press. */
const change = auditedScript(`
if redis.call('EXISTS', K(2)) == 1 then return 'known' end
redis.call('SET', K(2), '1', 'EX', 604800)
if A(2) == '' then redis.call('HDEL', K(1), A(1)) else redis.call('HSET', K(1), A(1), A(2)) end
${appendChange('K(3)', "'exception.changed'", 'A(1)', "'0'")}`);

export function createExceptionsStore(redis: Redis, signer: AuditSigner | null) {
  async function list(): Promise<Exception[]> {
    const docs = await redis.hvals(keys.exceptions);
    return docs.map((doc) => JSON.parse(doc) as Exception).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function get(id: string): Promise<Exception | null> {
    const doc = await redis.hget(keys.exceptions, id);
    return doc ? (JSON.parse(doc) as Exception) : null;
  }

  /** Stores an exception and its audit entry, once per `onceId`. */
  const put = (exception: Exception, audit: readonly AuditDraft[], onceId: string) =>
    change(redis, signer, {
      drafts: audit,
      keys: [keys.exceptions, keys.auditOnce(onceId), keys.feed],
      args: [exception.id, JSON.stringify(exception)],
    });

  /** Removes an exception and audits that, once per `onceId`. */
  const remove = (id: string, audit: readonly AuditDraft[], onceId: string) =>
    change(redis, signer, {
      drafts: audit,
      keys: [keys.exceptions, keys.auditOnce(onceId), keys.feed],
      args: [id, ''],
    });

  const counts = createExceptionUses(redis);
  /** Total uses of several exceptions. */
  const usesOf = async (ids: readonly string[]) =>
    (await counts.byWeek(ids, 0, 0)).reduce((sum, { total }) => sum + total, 0);
  const uses = (id: string) => usesOf([id]);

  return { list, get, put, remove, noteUse: counts.note, uses, usesOf, usesByWeek: counts.byWeek };
}
export type ExceptionsStore = ReturnType<typeof createExceptionsStore>;
