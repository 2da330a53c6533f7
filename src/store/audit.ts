import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Presser } from '../alerts/alert';
import { canonicalJson } from '../canonical-json';
import { keys } from './keys';
import { script } from './scripts';

/** What somebody did, or was refused. */
export interface AuditDraft {
  at: string;
  by: Presser;
  /** An action id, or what Runwatch did by itself ("suppressed", "isolate.interface"). */
  action: string;
  alertId: string | null;
  /** What it was done to: a resource id, an exception's id. */
  object: string | null;
  /** asked: it waits for a second person, and nothing is done yet. */
  result: 'done' | 'refused' | 'failed' | 'started' | 'asked';
  why: string | null;
  details?: Record<string, unknown> | undefined;
}

/** One link of the chain: `hash` covers the draft and the hash before it. */
export interface AuditEntry extends AuditDraft {
  prev: string;
  hash: string;
}

export const genesis = '0'.repeat(64);

export function chain(prev: string, drafts: readonly AuditDraft[]): AuditEntry[] {
  let last = prev;
  return drafts.map((draft) => {
    const hash = hashOf(last, draft);
    const entry = { ...draft, prev: last, hash };
    last = hash;
    return entry;
  });
}

const hashOf = (prev: string, draft: AuditDraft) =>
  createHash('sha256').update(prev).update(canonicalJson(draft)).digest('hex');

/** The first entry whose link does not hold, counted from 0; null when the whole chain does. */
export function firstBrokenLink(entries: readonly AuditEntry[], from = genesis): number | null {
  let prev = from;
  for (const [index, entry] of entries.entries()) {
    const { prev: claimedPrev, hash, ...draft } = entry;
    if (claimedPrev !== prev || hashOf(prev, draft) !== hash) return index;
    prev = hash;
  }
  return null;
}

/** Appends, and once only per `onceId`: a job that runs again writes nothing twice. */
const appendOnce = script(`
if ARGV[4] ~= '' and redis.call('EXISTS', KEYS[3]) == 1 then return 'known' end
local head = redis.call('GET', KEYS[2]) or ARGV[1]
if head ~= ARGV[2] then return head end
if ARGV[4] ~= '' then redis.call('SET', KEYS[3], '1', 'EX', 604800) end
for i = 5, #ARGV do redis.call('XADD', KEYS[1], '*', 'entry', ARGV[i]) end
redis.call('SET', KEYS[2], ARGV[3])
return 'done'`);

export function createAuditTrail(redis: Redis) {
  async function append(drafts: readonly AuditDraft[], onceId = ''): Promise<void> {
    if (drafts.length === 0) return;
    let head = (await redis.get(keys.auditHead)) ?? genesis;
    for (;;) {
      const entries = chain(head, drafts);
      const touched = [keys.audit, keys.auditHead, keys.auditOnce(onceId || 'none')];
      const docs = entries.map((entry) => JSON.stringify(entry));
      const answer = await appendOnce(redis, touched, [
        genesis,
        head,
        entries.at(-1)?.hash ?? head,
        onceId,
        ...docs,
      ]);
      if (answer === 'done' || answer === 'known') return;
      head = String(answer);
    }
  }

  /** Newest first when `newestFirst`; every entry when `limit` is absent. */
  async function read({
    limit,
    newestFirst = false,
  }: {
    limit?: number;
    newestFirst?: boolean;
  } = {}): Promise<AuditEntry[]> {
    const count: [] | ['COUNT', number] = limit ? ['COUNT', limit] : [];
    const rows = newestFirst
      ? await redis.xrevrange(keys.audit, '+', '-', ...(count as ['COUNT', number]))
      : await redis.xrange(keys.audit, '-', '+', ...(count as ['COUNT', number]));
    return rows.map(([, fields]) => JSON.parse(fields[1] ?? '{}') as AuditEntry);
  }

  /** Entries behind a stream id, oldest first. */
  async function after(id: string, limit: number): Promise<{ id: string; entry: AuditEntry }[]> {
    const rows = await redis.xrange(keys.audit, `(${id}`, '+', 'COUNT', limit);
    return rows.map(([at, fields]) => ({ id: at, entry: JSON.parse(fields[1] ?? '{}') as AuditEntry }));
  }

  /** How many entries each copy lacks; the file knows by its own last line. */
  async function copyLags({ webhook }: { webhook?: string | undefined }): Promise<[string, number][]> {
    if (!webhook) return [];
    const behind = await redis.xrange(keys.audit, `(${await copiedTo(webhook)}`, '+', 'COUNT', 10_000);
    return [['webhook', behind.length]];
  }

  /** How far a copy is, by where it goes. */
  const copiedTo = async (place: string) => (await redis.hget(keys.auditCopies, place)) ?? '0-0';
  const setCopiedTo = (place: string, id: string) => redis.hset(keys.auditCopies, place, id);

  return {
    append,
    read,
    after,
    copiedTo,
    copyLags,
    setCopiedTo,
    head: async () => (await redis.get(keys.auditHead)) ?? genesis,
  };
}
export type AuditTrail = ReturnType<typeof createAuditTrail>;
