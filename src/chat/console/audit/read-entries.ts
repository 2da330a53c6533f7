import type { AuditEntry } from '../../../domain/audit/audit-chain';
import {
  type AuditReader,
  type EntrySearch,
  type FoundEntries,
  searchEntries,
} from '../../../domain/audit/search-entries';
import { actionName } from './action-names';
import type { AuditQuery } from './query';

export const pageSize = 50;

export const searchOf = (query: AuditQuery): EntrySearch => ({
  from: query.from,
  to: query.to,
  cursor: query.cursor,
  matches: (entry) => matches(entry, query),
});

/** A page of the log. */
export const findEntries = (query: AuditQuery, reader: AuditReader): Promise<FoundEntries> =>
  searchEntries(searchOf(query), pageSize, reader);

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
