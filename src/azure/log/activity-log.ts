import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from '@azure/core-rest-pipeline';
import { z } from 'zod';
import { AzureError, toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

export interface LogWindow {
  subscriptionId: string;
  /** RFC 3339. */
  from: string;
  to: string;
}

export interface LogPage {
  /** Records in the REST shape. */
  records: unknown[];
  /** True when another page follows. */
  more: boolean;
}

/**
 * Fields that $select is documented to accept. `caller` is not among them, so `claims` identify the caller.
 */
const fields = [
  'authorization',
  'claims',
  'correlationId',
  'eventDataId',
  'eventTimestamp',
  'httpRequest',
  'operationId',
  'operationName',
  'properties',
  'resourceId',
  'resourceGroupName',
  'status',
  'submissionTimestamp',
  'subStatus',
  'subscriptionId',
].join(',');

const apiVersion = '2015-04-01';
/** Azure returns about 200 records a page. */
const maxPages = 5000;

/** Azure accepts no other filters. @see https://learn.microsoft.com/rest/api/monitor/activity-logs/list */
const filterOf = ({ from, to }: LogWindow, provider?: string) =>
  `eventTimestamp ge '${from}' and eventTimestamp le '${to}'${provider ? ` and resourceProvider eq '${provider}'` : ''}`;

const pageSchema = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

/**
 * Reads a time window page by page, optionally for one resource provider. Each page is fetched on demand.
 * Next links are followed unchanged: the SDK's paging would append our parameters twice if Azure spells them
 * differently.
 * @throws {AzureError} also when a 200 response is not a log page, or a next link repeats
 */
export async function* readLog(
  clients: AzureClients,
  window: LogWindow,
  provider?: string,
): AsyncGenerator<LogPage> {
  const what = `activity log of subscription ${window.subscriptionId}`;
  const path = `/subscriptions/${encodeURIComponent(window.subscriptionId)}/providers/Microsoft.Insights/eventtypes/management/values`;
  const query = new URLSearchParams({
    'api-version': apiVersion,
    $filter: filterOf(window, provider),
    $select: fields,
  });
  const client = clients.monitor(window.subscriptionId);
  const seen = new Set<string>();
  let next: string | null = `${clients.endpoint}${path}?${query}`;
  while (next !== null) {
    if (seen.has(next))
      throw invalidResponse(
        `${what}: the link to the next page points to a page already read`,
        'NextLinkRepeats',
        200,
      );
    if (seen.size >= maxPages)
      throw invalidResponse(`${what}: more than ${maxPages} pages`, 'TooManyPages', 200);
    seen.add(next);
    const request = createPipelineRequest({
      url: next,
      headers: createHttpHeaders({ accept: 'application/json' }),
    });
    let page: z.output<typeof pageSchema>;
    try {
      page = pageOf(await clients.send(client, request), what);
    } catch (error) {
      throw toAzureError(error, what);
    }
    next = page.nextLink ? linkOf(page.nextLink, clients.endpoint, path, what) : null;
    yield { records: page.value, more: next !== null };
  }
}

function pageOf(response: PipelineResponse, what: string): z.output<typeof pageSchema> {
  const { status, headers, bodyAsText } = response;
  if (status !== 200) throw { statusCode: status, response: { headers, bodyAsText } };
  const type = headers.get('content-type') ?? 'no content type';
  if (!/\bjson\b/i.test(type))
    throw invalidResponse(
      `${what}: answered 200 with ${type.slice(0, 60)}, which is not a log`,
      'NotALog',
      200,
    );
  let body: unknown;
  try {
    body = JSON.parse(bodyAsText ?? '');
  } catch {
    throw invalidResponse(`${what}: answered 200 with truncated or invalid JSON`, 'NotALog', 200);
  }
  const page = pageSchema.safeParse(body);
  if (!page.success) throw invalidResponse(`${what}: answered 200 without a list of events`, 'NotALog', 200);
  return page.data;
}

/** Our token may go to one origin only, and all pages of a log share one path. */
function linkOf(link: string, endpoint: string, path: string, what: string): string {
  const url = URL.canParse(link) ? new URL(link) : null;
  if (url?.origin !== new URL(endpoint).origin || url.pathname.toLowerCase() !== path.toLowerCase())
    throw invalidResponse(
      `${what}: refused a link to the next page outside ${endpoint}`,
      'NextLinkElsewhere',
      200,
    );
  return url.href;
}

const invalidResponse = (message: string, code: string, status = 0): AzureError =>
  new AzureError(
    message,
    code,
    status,
    0,
    'Runwatch will retry; if this persists, a proxy may be answering in place of Azure',
  );
