import type { AuditEntry } from './audit-chain';

/** Entries before a stream id, newest first; null in place of one that can't be read. */
export interface AuditReader {
  entriesBefore: (
    id: string,
    since: number,
    limit: number,
  ) => Promise<{ id: string; entry: AuditEntry | null }[]>;
}

export interface FoundEntry {
  id: string;
  entry: AuditEntry | null;
}

export interface FoundEntries {
  rows: FoundEntry[];
  /** Stream id to continue before; null at the end of the log. */
  next: string | null;
  /** When the last entry that was looked at was stored, RFC 3339; null if all was searched or the page is full. */
  searchedTo: string | null;
}

export interface EntrySearch {
  /** "2026-11-26T08:00" in UTC; empty for any time. */
  from: string;
  to: string;
  /** Stream id of the last entry seen. Empty for the newest. */
  cursor: string;
  /** Null is an entry that can't be read. */
  matches: (entry: AuditEntry | null) => boolean;
}

/** The log has no index by person, action, result or alert, so one page looks at so many entries at most. */
export const maxSearched = 20_000;
const batchSize = 500;
/** A press is carried out within this time, so an entry is stored at most so long after its own time, ms. */
const maxWaitMs = 25 * 3_600_000;
/** Redis's clock, which the stream's ids come from, may be behind by this, ms. */
const maxClockLagMs = 3_600_000;

/** Reads a page, or less if so many entries without a match were searched. */
export async function searchEntries(
  search: EntrySearch,
  limit: number,
  reader: AuditReader,
): Promise<FoundEntries> {
  const rows: FoundEntry[] = [];
  let last = '';
  let searched = 0;
  for await (const batch of batchesOf(search, reader)) {
    for (const row of batch.rows) {
      last = row.id;
      searched++;
      if (search.matches(row.entry)) rows.push(row);
      if (rows.length > limit)
        return { rows: rows.slice(0, limit), next: rows[limit - 1]?.id ?? null, searchedTo: null };
    }
    if (batch.isLast) return { rows, next: null, searchedTo: null };
    if (searched >= maxSearched) return { rows, next: last, searchedTo: storedAt(last) };
  }
  return { rows, next: null, searchedTo: null };
}

/** All entries that match, newest first. @param signal ends the reading between two batches */
export async function* allEntries(
  search: EntrySearch,
  reader: AuditReader,
  signal: AbortSignal,
): AsyncGenerator<FoundEntry[]> {
  for await (const { rows } of batchesOf(search, reader)) {
    if (signal.aborted) return;
    yield rows.filter(({ entry }) => search.matches(entry));
  }
}

async function* batchesOf(
  { cursor, from, to }: EntrySearch,
  reader: AuditReader,
): AsyncGenerator<{ rows: FoundEntry[]; isLast: boolean }> {
  const since = from ? Math.max(0, Date.parse(`${from}Z`) - maxClockLagMs) : 0;
  let before = cursor || (to ? `${Date.parse(`${to}Z`) + 60_000 + maxWaitMs}-0` : '');
  for (;;) {
    const rows = await reader.entriesBefore(before, since, batchSize);
    const isLast = rows.length < batchSize;
    yield { rows, isLast };
    if (isLast) return;
    before = rows.at(-1)?.id ?? before;
  }
}

const storedAt = (id: string): string => new Date(Number(id.split('-')[0])).toISOString();
