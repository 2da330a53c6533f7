import type { AuditEntry } from '../audit/audit-chain';
import { type Column, generatedAt, noteColumn, type SentinelTable } from './sentinel-table';

export interface AuditSource {
  entry: AuditEntry;
  now: number;
}

const column = (type: Column<AuditSource>['type'], of: Column<AuditSource>['of']): Column<AuditSource> => ({
  type,
  of,
});

/** The audit log, one row per entry. A row that was sent twice has the same Sequence and Hash. */
export const auditTable: SentinelTable<AuditSource> = {
  name: 'RunwatchAudit_CL',
  core: ['TimeGenerated', 'At', 'Sequence', 'Hash', 'Prev'],
  columns: {
    TimeGenerated: column('datetime', ({ entry, now }) => generatedAt(Date.parse(entry.at), now)),
    At: column('datetime', ({ entry }) => entry.at),
    Sequence: column('long', ({ entry }) => entry.sequence),
    Hash: column('string', ({ entry }) => entry.hash),
    Prev: column('string', ({ entry }) => entry.prev),
    Key: column('string', ({ entry }) => entry.key),
    Signature: column('string', ({ entry }) => entry.signature),
    Action: column('string', ({ entry }) => entry.action),
    Result: column('string', ({ entry }) => entry.result),
    ActorName: column('string', ({ entry }) => entry.by.name),
    ActorId: column('string', ({ entry }) => entry.by.id),
    ActorEmail: column('string', ({ entry }) => entry.by.email),
    ActorObjectId: column('string', ({ entry }) => entry.by.objectId),
    Surface: column('string', ({ entry }) => entry.by.surface),
    AlertId: column('string', ({ entry }) => entry.alertId),
    Object: column('string', ({ entry }) => entry.object),
    Reason: column('string', ({ entry }) => entry.why),
    Details: column('dynamic', ({ entry }) => entry.details),
    [noteColumn]: column('string', () => null),
  },
};
