import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient, TlsSettings } from '@azure/core-rest-pipeline';
import type { LogsQueryClient, LogsTable } from '@azure/monitor-query-logs';
import { allTechniques } from '../../domain/techniques/catalogue';
import { guid } from '../../domain/text/guid';
import { AzureError, doing } from '../connection/azure-error';
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

/** What of AzureActivity is read; a workspace keeps it for as long as it is told to, up to 12 years. */
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

const operations = () =>
  allTechniques()
    .flatMap((technique) => technique.operations.map((operation) => `"${operation}"`))
    .join(', ');

/** A query answers at most 500,000 rows and 100 MB; no window smaller than this is tried, ms. */
const smallestMs = 60_000;

/**
 * A Log Analytics workspace that the activity log is exported to, as far as it is about commands.
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
    const result = await doing(`Log Analytics workspace ${workspaceId}`, () =>
      asked.queryWorkspace(workspaceId, query, span),
    );
    return result.status === 'Success'
      ? (result.tables[0] ?? { name: '', columnDescriptors: [], rows: [] })
      : null;
  }

  /**
   * What ran in a window, oldest first, in Log Analytics' shape; of one subscription, or of all where none is named. Too much
   * for one answer is asked for in halves.
   */
  async function* read(
    workspaceId: string,
    window: Omit<LogWindow, 'subscriptionId'> & { subscriptionId?: string },
  ): AsyncGenerator<unknown[]> {
    const { from, to, subscriptionId } = window;
    const table = await ask(
      workspaceId,
      `AzureActivity
| where TimeGenerated >= datetime(${from}) and TimeGenerated < datetime(${to})
| where OperationNameValue in~ (${operations()})${subscriptionId ? `\n| where SubscriptionId =~ "${guid(subscriptionId)}"` : ''}
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
    if (Date.parse(to) - Date.parse(from) < smallestMs)
      throw new AzureError(
        `Log Analytics workspace ${workspaceId}: more commands between ${from} and ${to} than one answer holds`,
        'PartialError',
        0,
        0,
        'name a shorter window',
      );
    yield* read(workspaceId, { ...window, to: middle });
    yield* read(workspaceId, { ...window, from: middle });
  }

  /** Since when the workspace has a subscription's activity log, ms, looking no further back than the window; null where it has none. */
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
