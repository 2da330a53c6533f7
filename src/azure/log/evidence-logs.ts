import { createGuestLogs } from './guest-logs';
import { guestTables } from './guest-tables';
import { createSignInLogs } from './sign-in-logs';
import { signInTables } from './sign-in-tables';
import { createTableReader, type TableReaderOptions } from './table-reader';

/** Tables that are read for an alert, with what each adds. */
export const evidenceTables = {
  guest: [...guestTables.map(({ table }) => table), 'DeviceInfo'],
  signIns: [...signInTables.map(({ table }) => table), 'AuditLogs'],
} as const;

/** Limits of one answer: its rows are counted and its columns cut by the query. */
export const evidenceLimits = { deadlineMs: 20_000, maxBodyBytes: 8 * 1024 * 1024 };

/** Reads what a workspace's other tables say of a machine and of a caller. */
export function createEvidenceLogs(options: TableReaderOptions) {
  const reader = createTableReader(options);
  return {
    guest: createGuestLogs(reader, options.now ?? Date.now).read,
    signIns: createSignInLogs(reader).read,
    tables: reader.tables,
    isBusy: reader.isBusy,
  };
}
