import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient, TlsSettings } from '@azure/core-rest-pipeline';
import type { LogsQueryClient, LogsTable } from '@azure/monitor-query-logs';
import pLimit from 'p-limit';
import { memoize } from '../../runtime/memoize';
import { AzureError, callAzure } from '../connection/azure-error';
import { type Kql, kql, piped, tableName } from './kql';

export interface TableReaderOptions {
  endpoint: string;
  credential: TokenCredential;
  /** With a deadline and a size limit. */
  httpClient: HttpClient;
  tlsOptions?: TlsSettings | undefined;
  onCall?: ((provider: string, status: number) => void) | undefined;
  now?: (() => number) | undefined;
}

export interface TableQuery {
  table: string;
  from: Date;
  to: Date;
  /** Conditions, each a `where`. */
  where: readonly Kql[];
  /** Further steps before the columns. */
  steps?: readonly Kql[];
  columns: Kql;
  order: Kql;
}

export type Row = Readonly<Record<string, unknown>>;

export interface TableRows {
  rows: Row[];
  /** The table has more. */
  cut: boolean;
}

/** Rows of one answer. */
export const maxRows = 500;
/** Log Analytics stops a query after this long, s. */
const serverTimeoutSeconds = 15;
/** Of Azure's 5 concurrent queries per identity, one is left to other readers. Others would wait up to 3 min. */
const concurrency = 4;

/**
 * Queries for single tables: a table may be in a plan whose tables can't be joined, and each fails alone.
 * @see https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
 */
export function createTableReader(options: TableReaderOptions) {
  const { endpoint, credential, httpClient, tlsOptions, onCall, now } = options;
  const limit = pLimit(concurrency);
  let client: LogsQueryClient | undefined;
  const counted: HttpClient = {
    sendRequest: async (request) => {
      const response = await httpClient.sendRequest(request);
      onCall?.('Microsoft.OperationalInsights', response.status);
      return response;
    },
  };

  async function connect(): Promise<LogsQueryClient> {
    const { LogsQueryClient } = await import('@azure/monitor-query-logs');
    client ??= new LogsQueryClient(credential, {
      endpoint: `${endpoint}/v1`,
      credentials: { scopes: [`${endpoint}/.default`] },
      httpClient: counted,
      retryOptions: { maxRetries: 0 },
      ...(tlsOptions ? { tlsOptions } : {}),
    });
    return client;
  }

  async function ask(
    workspaceId: string,
    table: string,
    query: Kql,
    from: Date,
    to: Date,
  ): Promise<TableRows> {
    const asked = await connect();
    const result = await callAzure(`Log Analytics table ${table}`, () =>
      asked.queryWorkspace(
        workspaceId,
        query.text,
        { startTime: from, endTime: to },
        { serverTimeoutInSeconds: serverTimeoutSeconds },
      ),
    );
    if (result.status === 'Success') return { rows: rowsOf(result.tables[0]), cut: false };
    const [partial] = result.partialTables;
    if (partial && partial.rows.length > 0) return { rows: rowsOf(partial), cut: true };
    const { code } = result.partialError;
    throw new AzureError(
      `Log Analytics table ${table}: no complete answer (${code})`,
      code,
      0,
      0,
      'Runwatch will retry',
    );
  }

  /** At most {@link maxRows} rows of a table. */
  async function read(
    workspaceId: string,
    { table, from, to, where, steps = [], columns, order }: TableQuery,
  ): Promise<TableRows> {
    const query = piped(
      tableName(table),
      kql`where TimeGenerated >= ${from} and TimeGenerated < ${to}`,
      ...where.map((condition) => kql`where ${condition}`),
      ...steps,
      kql`project ${columns}`,
      kql`order by ${order}`,
      kql`take ${maxRows + 1}`,
    );
    const { rows, cut } = await limit(() => ask(workspaceId, table, query, from, to));
    return { rows: rows.slice(0, maxRows), cut: cut || rows.length > maxRows };
  }

  const tables = memoize(
    tablesMs,
    100,
    async (workspaceId) => {
      const to = new Date((now ?? Date.now)());
      const from = new Date(to.getTime() - usageMs);
      const query = piped(
        kql`Usage`,
        kql`where TimeGenerated >= ${from} and TimeGenerated < ${to}`,
        kql`distinct DataType`,
        kql`take ${maxTables}`,
      );
      const { rows } = await limit(() => ask(workspaceId, 'Usage', query, from, to));
      return new Set(rows.map(({ DataType }) => String(DataType)));
    },
    now,
  );

  return {
    read,
    /** Tables that got records in the last week, as Azure's hourly `Usage` has them. */
    tables,
    /** Queries that wait for others. */
    waiting: () => limit.pendingCount,
  };
}
export type TableReader = ReturnType<typeof createTableReader>;

/** How long the list of tables is used, ms. */
const tablesMs = 3_600_000;
const usageMs = 7 * 86_400_000;
const maxTables = 2000;

function rowsOf(table: LogsTable | undefined): Row[] {
  const names = (table?.columnDescriptors ?? []).map(({ name }) => name ?? '');
  return (table?.rows ?? []).map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}
