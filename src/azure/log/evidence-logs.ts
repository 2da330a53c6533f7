import { checkTables } from './check-tables';
import { createGuestLogs } from './guest-logs';
import { guestTables } from './guest-tables';
import { createSignInLogs } from './sign-in-logs';
import { signInTables } from './sign-in-tables';
import { createTableReader, type TableReaderOptions } from './table-reader';

/** Tables that are read for an alert. */
export const evidenceTables = {
  guest: ['DeviceInfo', ...guestTables.map(({ table }) => table)],
  signIns: [...signInTables.map(({ table }) => table), 'AuditLogs'],
};

/** Limits of one answer: its rows are counted and its columns cut by the query. */
export const evidenceLimits = { deadlineMs: 20_000, maxBodyBytes: 8 * 1024 * 1024 };

/** Callers whose sign-ins are read at once, and queries that may wait, before {@link createEvidenceLogs} is busy. */
const maxReading = 4;
const maxWaiting = 8;

/** Reads what a workspace's other tables say of a machine and of a caller. */
export function createEvidenceLogs(options: TableReaderOptions) {
  const reader = createTableReader(options);
  const now = options.now ?? Date.now;
  const { read } = createSignInLogs(reader);
  let reading = 0;
  return {
    guest: createGuestLogs(reader, now).read,
    signIns: (...asked: Parameters<typeof read>) => {
      reading++;
      return read(...asked).finally(() => reading--);
    },
    /** The state of each table, for `doctor`. */
    check: (workspaceId: string) => checkTables(workspaceId, reader, now()),
    /** True if another caller's sign-ins would come too late for a message. */
    isBusy: () => reading >= maxReading || reader.waiting() > maxWaiting,
  };
}
