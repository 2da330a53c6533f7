import type { Redis } from 'ioredis';
import { z } from 'zod';
import {
  type AuditDraft,
  type AuditEntry,
  type AuditSigner,
  genesis,
  keyChange,
} from '../../domain/audit/audit-chain';
import { runwatchActor } from '../../domain/people/person';
import { canonicalJson } from '../../domain/text/canonical-json';
import { keys } from '../keys';
import { script } from '../redis/lua-script';
import { auditedScript } from './audited-write';

/** Appends once per `onceId`, so a retried job adds no duplicates. */
const appendOnce = auditedScript(`
if A(1) ~= '' then
  if redis.call('EXISTS', K(1)) == 1 then return 'known' end
  redis.call('SET', K(1), '1', 'EX', 604800)
end`);

/** The newest entry. A log that does not end with it is incomplete. */
export interface AuditHead {
  hash: string;
  /** Number of signed entries. */
  sequence: number;
}

/** Entries moved from Redis to files. */
export interface Archived {
  /** Sequence number of the last entry moved. */
  sequence: number;
  hash: string;
  /** Number of entries moved, including those without a sequence number. */
  entries: number;
}

/**
 * {@link Archived}, signed like entries. Otherwise someone could delete the oldest entries and claim they
 * were archived.
 */
export interface SignedArchived extends Archived {
  key: string;
  signature: string;
}

export const archivedText = ({ sequence, hash, entries }: Archived): string =>
  canonicalJson({ archived: { sequence, hash, entries } });

const pageSize = 500;

/** Notes the last entry that a place has. Of more than ten places, the one that has the fewest is forgotten. */
const noteCopied = script(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('HLEN', KEYS[1]) <= 10 then return end
local last, lowest
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local ms = tonumber(string.match(all[i + 1], '^%d+') or '0')
  if all[i] ~= ARGV[1] and (not lowest or ms < lowest) then last, lowest = all[i], ms end
end
redis.call('HDEL', KEYS[1], last)`);

/** Longer than the archive's year, so that a shortened log is noticed against it. */
const checkKeptSeconds = 400 * 86_400;

const entrySchema = z.looseObject({
  at: z.string(),
  by: z.looseObject({ surface: z.string(), id: z.string(), name: z.string(), email: z.string().optional() }),
  action: z.string(),
  alertId: z.string().nullable(),
  object: z.string().nullable(),
  result: z.enum(['done', 'refused', 'failed', 'started', 'asked']),
  why: z.string().nullable(),
  sequence: z.number().optional(),
  hash: z.string(),
});

function readEntry(text: string): AuditEntry | null {
  try {
    const doc: unknown = JSON.parse(text);
    return entrySchema.safeParse(doc).success ? (doc as AuditEntry) : null;
  } catch {
    return null;
  }
}

export function createAuditLog(redis: Redis, signer: AuditSigner | null) {
  async function append(drafts: readonly AuditDraft[], onceId = ''): Promise<void> {
    if (drafts.length > 0)
      await appendOnce(redis, signer, { drafts, keys: [keys.auditOnce(onceId || 'none')], args: [onceId] });
  }

  /** The oldest entries in Redis, or the newest ones, in this order. */
  async function read({
    limit = 1000,
    newestFirst = false,
  }: {
    limit?: number;
    newestFirst?: boolean;
  } = {}): Promise<AuditEntry[]> {
    const rows = newestFirst
      ? await redis.xrevrange(keys.audit, '+', '-', 'COUNT', limit)
      : await redis.xrange(keys.audit, '-', '+', 'COUNT', limit);
    return rows.map(([, fields]) => JSON.parse(fields[1] ?? '{}') as AuditEntry);
  }

  /** All entries in Redis, oldest first, a page at a time so that memory holds one page. */
  async function* pages(): AsyncGenerator<AuditEntry[]> {
    for (let id = '0-0'; ; ) {
      const rows = await after(id, pageSize);
      if (rows.length === 0) return;
      yield rows.map(({ entry }) => entry);
      id = rows.at(-1)?.id ?? id;
    }
  }

  /** Entries after a stream id, oldest first. */
  async function after(id: string, limit: number): Promise<{ id: string; entry: AuditEntry }[]> {
    const rows = await redis.xrange(keys.audit, `(${id}`, '+', 'COUNT', limit);
    return rows.map(([at, fields]) => ({ id: at, entry: JSON.parse(fields[1] ?? '{}') as AuditEntry }));
  }

  /**
   * Entries before a stream id, newest first; the newest ones for an empty id.
   * @param since ms; entries stored earlier are not read
   * @returns null in place of an entry that can't be read, because something else than Runwatch wrote it
   */
  async function before(
    id: string,
    since: number,
    limit: number,
  ): Promise<{ id: string; entry: AuditEntry | null }[]> {
    const rows = await redis.xrevrange(keys.audit, id === '' ? '+' : `(${id}`, String(since), 'COUNT', limit);
    return rows.map(([at, fields]) => ({ id: at, entry: readEntry(fields[1] ?? '') }));
  }

  /** The signed result of the last check of the chain; null if there was none. */
  const lastCheck = async (): Promise<{ check: unknown; signature: unknown } | null> => {
    const doc = await redis.get(keys.auditCheck);
    return doc ? (JSON.parse(doc) as { check: unknown; signature: unknown }) : null;
  };
  const storeCheck = (check: unknown, signature: string) =>
    redis.set(keys.auditCheck, JSON.stringify({ check, signature }), 'EX', checkKeptSeconds);

  /** Number of entries that a check in progress has read; null while none runs. */
  const checkProgress = async (): Promise<number | null> => {
    const entries = await redis.get(keys.auditCheckProgress);
    return entries === null ? null : Number(entries);
  };
  const noteCheckProgress = (entries: number | null) =>
    entries === null
      ? redis.del(keys.auditCheckProgress)
      : redis.set(keys.auditCheckProgress, entries, 'EX', 30);

  const count = () => redis.xlen(keys.audit);

  /** How many entries the copy at a place is behind, up to 10,000. The file copy tracks this itself by its last line. */
  const copyLag = async (place: string): Promise<number> =>
    (await redis.xrange(keys.audit, `(${await copiedTo(place)}`, '+', 'COUNT', 10_000)).length;

  /** The stream id of the last entry copied to a place. */
  const copiedTo = async (place: string) => (await redis.hget(keys.auditCopies, place)) ?? '0-0';
  const setCopiedTo = (place: string, id: string) => noteCopied(redis, [keys.auditCopies], [place, id]);

  const head = async (): Promise<AuditHead> => {
    const [hash, sequence] = await redis.mget(keys.auditHead, keys.auditSequence);
    return { hash: hash ?? genesis, sequence: Number(sequence ?? 0) };
  };

  const archived = async (): Promise<SignedArchived | null> => {
    const doc = await redis.get(keys.auditArchived);
    return doc ? (JSON.parse(doc) as SignedArchived) : null;
  };

  /**
   * Records that entries were archived to files, then removes them from Redis.
   * @param upTo last stream id archived
   */
  async function dropArchived(upTo: string, moved: Archived): Promise<void> {
    if (!signer) throw new Error('RUNWATCH_SECRET is not available, so nothing can be archived');
    const record = { ...moved, key: signer.keyId, signature: signer.sign(archivedText(moved)) };
    await redis.set(keys.auditArchived, JSON.stringify(record));
    const [ms = '0', part = '0'] = upTo.split('-');
    await redis.xtrim(keys.audit, 'MINID', `${ms}-${Number(part) + 1}`);
  }

  /**
   * Records a change of the signing key in the audit log, once.
   * @param publicKeys in PEM format, current key first
   */
  async function noteKey(publicKeys: readonly string[], now: number): Promise<void> {
    if (!signer) return;
    const known = await redis.getset(keys.auditKey, signer.keyId);
    if (known === null || known === signer.keyId) return;
    const [publicKey, previousKey] = publicKeys;
    await append(
      [
        {
          at: new Date(now).toISOString(),
          by: runwatchActor,
          action: keyChange,
          alertId: null,
          object: null,
          result: 'done',
          why: 'RUNWATCH_SECRET was replaced',
          details: { publicKey, ...(previousKey ? { previousKey } : {}) },
        },
      ],
      `key ${signer.keyId}`,
    );
  }

  return {
    append,
    noteKey,
    read,
    pages,
    after,
    before,
    count,
    lastCheck,
    storeCheck,
    checkProgress,
    noteCheckProgress,
    copiedTo,
    copyLag,
    setCopiedTo,
    head,
    archived,
    dropArchived,
  };
}
export type AuditLog = ReturnType<typeof createAuditLog>;
