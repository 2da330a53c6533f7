import type { TokenCredential } from '@azure/core-auth';
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type TlsSettings,
} from '@azure/core-rest-pipeline';
import { AzureError, callAzure, toAzureError } from '../connection/azure-error';
import { createServicePipeline } from '../connection/service-pipeline';

/** Audience of the Logs Ingestion API in each cloud. Source: "Logs Ingestion API", learn.microsoft.com. */
export const ingestionAudiences = {
  public: 'https://monitor.azure.com',
  usgovernment: 'https://monitor.azure.us',
  china: 'https://monitor.azure.cn',
} as const;

const apiVersion = '2023-01-01';
/** A call may have 1 MB, uncompressed. The rest is a margin, bytes. */
export const maxIngestionBytes = 950_000;
/** A slow endpoint must not hold the lock for long. An answer is empty or an error. */
export const ingestionLimits = { deadlineMs: 30_000, maxBodyBytes: 64 * 1024 };

/** A data collection rule and the endpoint that receives its rows. */
export interface IngestionTarget {
  /** https, without a path. */
  endpoint: string;
  /** The rule's immutable id, dcr-…. */
  rule: string;
}

export interface IngestionOptions {
  audience: string;
  credential: TokenCredential;
  httpClient: HttpClient;
  tlsOptions?: TlsSettings | undefined;
  onCall?: ((provider: string, status: number) => void) | undefined;
}

/**
 * Sends rows by the Logs Ingestion API. It never retries and follows no redirect, which would take the token elsewhere.
 * @see https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview
 */
export function createLogsIngestion({
  audience,
  credential,
  httpClient,
  tlsOptions,
  onCall,
}: IngestionOptions) {
  const pipeline = createServicePipeline({ credential, audience, tlsOptions, maxRetries: 0 });

  /**
   * Resolves once Azure has accepted all rows.
   * @param stream such as Custom-RunwatchAlerts_CL
   * @param rows a JSON array
   * @throws {AzureError}
   */
  return async function sendLogs(
    { endpoint, rule }: IngestionTarget,
    stream: string,
    rows: string,
  ): Promise<void> {
    const what = `the stream ${stream}`;
    const response = await callAzure(what, () =>
      pipeline.sendRequest(
        httpClient,
        createPipelineRequest({
          url: `${endpoint}/dataCollectionRules/${encodeURIComponent(rule)}/streams/${encodeURIComponent(stream)}?api-version=${apiVersion}`,
          method: 'POST',
          headers: createHttpHeaders({ 'content-type': 'application/json', accept: 'application/json' }),
          body: rows,
        }),
      ),
    );
    const { status } = response;
    onCall?.('Microsoft.Insights.Ingestion', status);
    if (status === 204) return;
    const { message, code, retryAfterMs, method } = toAzureError(
      {
        request: { method: 'POST' },
        statusCode: status,
        response: { headers: response.headers, bodyAsText: response.bodyAsText ?? null },
        message: status < 300 ? 'the answer is not that of Azure' : 'no reason given',
      },
      what,
    );
    throw new AzureError(message, code, status, retryAfterMs, remedyFor(status), method);
  };
}
export type SendLogs = ReturnType<typeof createLogsIngestion>;

function remedyFor(status: number): string {
  if (status === 401) return 'check the identity of the bot: its token was not accepted';
  if (status === 403)
    return 'assign the role Monitoring Metrics Publisher on the data collection rule to the bot; it takes up to 30 minutes';
  if (status === 404) return 'check sentinel.endpoint and sentinel.rule in RUNWATCH_CONFIG';
  if (status < 300)
    return 'check sentinel.endpoint in RUNWATCH_CONFIG: a proxy may be answering in place of Azure';
  return 'Runwatch will retry';
}
