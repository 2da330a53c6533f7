import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient, TlsSettings } from '@azure/core-rest-pipeline';
import type { LogsQueryClient, LogsTable } from '@azure/monitor-query-logs';
import { guid } from '../../domain/text/guid';
import { AzureError, callAzure } from '../connection/azure-error';
import type { LogWindow } from './activity-log';

/** Log Analytics in each cloud. Source: "Azure Monitor query SDK: sovereign clouds", learn.microsoft.com. */
export const logAnalyticsEndpoints = {
  public: 'https://api.loganalytics.io',
  usgovernment: 'https://api.loganalytics.us',
  china: 'https://api.loganalytics.azure.cn',
} as const;

export interface WorkspaceOptions {
  endpoint: string;
  credential: TokenCredential;
  httpClient: HttpClient;
  tlsOptions?: TlsSettings | undefined;
}

/** Columns read from AzureActivity. A workspace's configured retention is up to 12 years. */
const columns = [
  'TimeGenerated',
  'OperationNameValue',
  'ActivityStatusValue',
  'ActivitySubstatusValue',
  'SubscriptionId',
  'CorrelationId',
  'Caller',
  'CallerIpAddress',
  'Authorization',
  'Claims',
  'Properties',
  'EventDataId',
  'EventSubmissionTimestamp',
  '_ResourceId',
].join(', ');

/** A query returns at most 500,000 rows and 100 MB. Windows are not split below this size, ms. */
const minWindowMs = 60_000;

/**
 * Reads commands from a Log Analytics workspace that the activity log is exported to.
 * @see https://learn.microsoft.com/azure/azure-monitor/reference/tables/azureactivity
 */
export function createWorkspaceReader({ endpoint, credential, httpClient, tlsOptions }: WorkspaceOptions) {
  let client: LogsQueryClient | undefined;

  async function ask(
    workspaceId: string,
    query: string,
    from: string,
    to: string,
  ): Promise<LogsTable | null> {
    const { LogsQueryClient } = await import('@azure/monitor-query-logs');
    client ??= new LogsQueryClient(credential, {
      endpoint: `${endpoint}/v1`,
      credentials: { scopes: [`${endpoint}/.default`] },
      httpClient,
      ...(tlsOptions ? { tlsOptions } : {}),
    });
    const asked = client;
    const span = { startTime: new Date(from), endTime: new Date(to) };
    const result = await callAzure(`Log Analytics workspace ${workspaceId}`, () =>
      asked.queryWorkspace(workspaceId, query, span),
    );
    return result.status === 'Success'
      ? (result.tables[0] ?? { name: '', columnDescriptors: [], rows: [] })
      : null;
  }

  /**
   * Events of the operations in a time window, oldest first, in Log Analytics' format. Reads all subscriptions if none is
   * given. Splits the window in half when the result is too large for one query.
   */
  async function* read(
    workspaceId: string,
    window: Omit<LogWindow, 'subscriptionId'> & { subscriptionId?: string; operations: readonly string[] },
  ): AsyncGenerator<unknown[]> {
    const { from, to, subscriptionId, operations } = window;
    const table = await ask(
      workspaceId,
      `AzureActivity
| where TimeGenerated >= datetime(${from}) and TimeGenerated < datetime(${to})
| where OperationNameValue in~ (${operations.map((operation) => `"${operation}"`).join(', ')})${subscriptionId ? `\n| where SubscriptionId =~ "${guid(subscriptionId)}"` : ''}
| project ${columns}
| order by TimeGenerated asc`,
      from,
      to,
    );
    if (table) {
      const names = table.columnDescriptors.map(({ name }) => name ?? '');
      yield table.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
      return;
    }
    const middle = new Date((Date.parse(from) + Date.parse(to)) / 2).toISOString();
    if (Date.parse(to) - Date.parse(from) < minWindowMs)
      throw new AzureError(
        `Log Analytics workspace ${workspaceId}: too many commands between ${from} and ${to} for one query`,
        'PartialError',
        0,
        0,
        'choose a shorter window',
      );
    yield* read(workspaceId, { ...window, to: middle });
    yield* read(workspaceId, { ...window, from: middle });
  }

  /** The oldest activity log entry of a subscription in the window, ms; null if the workspace has none. */
  async function since(workspaceId: string, { subscriptionId, from, to }: LogWindow): Promise<number | null> {
    const table = await ask(
      workspaceId,
      `AzureActivity
| where SubscriptionId =~ "${guid(subscriptionId)}"
| summarize Oldest = min(TimeGenerated)`,
      from,
      to,
    );
    const oldest = table?.rows[0]?.[0];
    return oldest ? new Date(oldest as Date | string).getTime() : null;
  }

  return { read, since };
}
export type WorkspaceReader = ReturnType<typeof createWorkspaceReader>;
