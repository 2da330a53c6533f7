import { auditColumns, auditConditions } from './audit-logs';
import { guestTables } from './guest-tables';
import { kql } from './kql';
import { signInTables } from './sign-in-tables';
import type { TableQuery, TableReader } from './table-reader';

const nobody = '00000000-0000-0000-0000-000000000000';
const hour = 3_600_000;

type Question = Omit<TableQuery, 'from' | 'to'>;

/** The queries of an alert, about a machine and a caller that don't exist. */
const questions = (): Question[] => [
  ...guestTables.map(({ table, owner, where, steps, columns, order }) => ({
    table,
    where: [owner === 'DeviceId' ? kql`DeviceId == ${nobody}` : kql`_ResourceId == ${nobody}`, ...where],
    steps,
    columns,
    order,
  })),
  {
    table: 'DeviceInfo',
    where: [kql`AzureResourceId == ${nobody}`],
    columns: kql`TimeGenerated, DeviceId, AzureResourceId`,
    order: kql`TimeGenerated desc`,
  },
  ...signInTables.map(({ table, owner, columns }) => ({
    table,
    where: [owner === 'UserId' ? kql`UserId == ${nobody}` : kql`ServicePrincipalId == ${nobody}`],
    columns,
    order: kql`TimeGenerated desc`,
  })),
  {
    table: 'AuditLogs',
    where: auditConditions([nobody]),
    columns: auditColumns,
    order: kql`TimeGenerated desc`,
  },
];

export interface TableState {
  table: string;
  state: 'readable' | 'no records' | 'unreadable';
  /** Why it is unreadable. */
  why?: string;
}

/** Whether each table gets records, and answers the queries of an alert: permissions and columns. */
export async function checkTables(
  workspaceId: string,
  reader: TableReader,
  now: number,
): Promise<TableState[]> {
  const known = await reader.tables(workspaceId);
  const span = { from: new Date(now - hour), to: new Date(now) };
  return Promise.all(
    questions().map(async (question): Promise<TableState> => {
      const { table } = question;
      if (!known.has(table)) return { table, state: 'no records' };
      try {
        await reader.read(workspaceId, { ...question, ...span });
        return { table, state: 'readable' };
      } catch (error) {
        return { table, state: 'unreadable', why: (error as Error).message };
      }
    }),
  );
}
