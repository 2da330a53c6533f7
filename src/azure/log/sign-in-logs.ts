import type { Failure, Window } from '../../domain/evidence/reading';
import type { AccountChange, SignIn } from '../../domain/evidence/sign-ins';
import { failureOf } from '../connection/azure-error';
import { type AccountIds, auditColumns, auditConditions, readChange } from './audit-logs';
import { kql } from './kql';
import { text } from './row-fields';
import { signInTables } from './sign-in-tables';
import type { TableReader } from './table-reader';

export interface SignInCaller extends AccountIds {
  /** Which tables have its sign-ins; null: any. */
  kind: 'person' | 'application' | 'identity' | null;
}

export interface SignInAnswer {
  /** Newest first. */
  signIns: SignIn[];
  changes: AccountChange[];
  /** Tables that were read. */
  tables: string[];
  cut: boolean;
  failed: Failure[];
}

const kindOf: Readonly<Record<string, SignInCaller['kind']>> = {
  SigninLogs: 'person',
  AADNonInteractiveUserSignInLogs: 'person',
  AADServicePrincipalSignInLogs: 'application',
  AADManagedIdentitySignInLogs: 'identity',
};

/** How far back account changes are read, ms. */
const changesMs = 7 * 86_400_000;

/** Reads the sign-ins and changes of an account from a workspace that Entra exports its logs to. */
export function createSignInLogs(reader: TableReader) {
  async function read(workspaceId: string, caller: SignInCaller, window: Window): Promise<SignInAnswer> {
    const known = await reader.tables(workspaceId);
    const wanted = signInTables.filter(
      ({ table }) => known.has(table) && (caller.kind === null || kindOf[table] === caller.kind),
    );
    const to = new Date(window.to);
    const failed: Failure[] = [];
    const tables: string[] = [];
    const attempt = async <T>(table: string, work: () => Promise<{ found: T[]; cut: boolean }>) => {
      try {
        const answer = await work();
        tables.push(table);
        return answer;
      } catch (error) {
        failed.push(failureOf(table, error));
        return { found: [], cut: false };
      }
    };
    const signIns = await Promise.all(
      wanted.map(({ table, owner, columns, read: readRow }) =>
        attempt(table, async () => {
          const from = new Date(window.from);
          const where = [
            owner === 'UserId' ? kql`UserId == ${caller.id}` : kql`ServicePrincipalId == ${caller.id}`,
          ];
          const { rows, cut } = await reader.read(workspaceId, {
            table,
            from,
            to,
            where,
            columns,
            order: newestFirst,
          });
          const own = rows.filter((row) => asText(row[owner]).toLowerCase() === caller.id);
          return {
            found: within(
              own.flatMap((row) => readRow(row) ?? []),
              from,
              to,
            ),
            cut,
          };
        }),
      ),
    );
    const changes = known.has('AuditLogs')
      ? await attempt('AuditLogs', async () => {
          const from = new Date(to.getTime() - changesMs);
          const ids = [caller.id, ...(caller.appId ? [caller.appId] : [])];
          const where = auditConditions(ids);
          const query = { table: 'AuditLogs', from, to, where, columns: auditColumns, order: newestFirst };
          const { rows, cut } = await reader.read(workspaceId, query);
          return {
            found: within(
              rows.flatMap((row) => readChange(row, caller) ?? []),
              from,
              to,
            ),
            cut,
          };
        })
      : { found: [], cut: false };
    return {
      signIns: signIns.flatMap(({ found }) => found).sort(newest),
      changes: changes.found.sort(newest),
      tables: tables.sort(),
      cut: [...signIns, changes].some(({ cut }) => cut),
      failed,
    };
  }
  return { read };
}

const newestFirst = kql`TimeGenerated desc`;
const asText = (value: unknown) => text(100).parse(value);

const newest = (a: { at: string }, b: { at: string }) => (a.at > b.at ? -1 : a.at < b.at ? 1 : 0);

const within = <T extends { at: string }>(all: readonly T[], from: Date, to: Date): T[] =>
  all.filter(({ at }) => at >= from.toISOString() && at < to.toISOString());
