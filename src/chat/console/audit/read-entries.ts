import type { AuditEntry } from '../../../domain/audit/audit-chain';
import { actionName } from './action-names';
import type { AuditQuery } from './query';

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

export const pageSize = 50;
/** The log has no index by person, action, result or alert, so one page looks at so many entries at most. */
export const maxSearched = 20_000;
const batchSize = 500;
/** A press is carried out within this time, so an entry is stored at most so long after its own time, ms. */
const maxWaitMs = 25 * 3_600_000;
/** Redis's clock, which the stream's ids come from, may be behind by this, ms. */
const maxClockLagMs = 3_600_000;

/** Reads a page, or less if so many entries without a match were searched. */
export async function findEntries(query: AuditQuery, reader: AuditReader): Promise<FoundEntries> {
  const rows: FoundEntry[] = [];
  let last = '';
  let searched = 0;
  for await (const batch of batchesOf(query, reader)) {
    for (const row of batch.rows) {
      last = row.id;
      searched++;
      if (matches(row.entry, query)) rows.push(row);
      if (rows.length > pageSize)
        return { rows: rows.slice(0, pageSize), next: rows[pageSize - 1]?.id ?? null, searchedTo: null };
    }
    if (batch.isLast) return { rows, next: null, searchedTo: null };
    if (searched >= maxSearched) return { rows, next: last, searchedTo: storedAt(last) };
  }
  return { rows, next: null, searchedTo: null };
}

/** All entries that match, newest first. @param signal ends the reading between two batches */
export async function* allEntries(
  query: AuditQuery,
  reader: AuditReader,
  signal: AbortSignal,
): AsyncGenerator<FoundEntry[]> {
  for await (const { rows } of batchesOf({ ...query, cursor: '' }, reader)) {
    if (signal.aborted) return;
    yield rows.filter(({ entry }) => matches(entry, query));
  }
}

async function* batchesOf(
  { cursor, from, to }: AuditQuery,
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

/** An entry that can't be read matches only if nothing is filtered. */
export function matches(entry: AuditEntry | null, query: AuditQuery): boolean {
  const { person, action, result, alert, from, to } = query;
  if (entry === null) return [person, action, result, alert].every((one) => one === '');
  const minute = entry.at.slice(0, 16);
  return (
    (result === '' || entry.result === result) &&
    (alert === '' || entry.alertId?.toLowerCase() === alert.toLowerCase()) &&
    (from === '' || minute >= from) &&
    (to === '' || minute <= to) &&
    (action === '' || actionName(entry.action) === actionName(action)) &&
    (person === '' || isBy(entry, person.toLowerCase()))
  );
}

const isBy = ({ by }: AuditEntry, text: string): boolean =>
  [by.name, by.email, by.id].some((one) => one?.toLowerCase().includes(text));
