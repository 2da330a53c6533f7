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
  /** True when Azure has more of them. */
  more: boolean;
}

/** The fields that are read, of those that $select is documented to take (caller is not one: claims say who called). */
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
/** Azure gives some two hundred records a page. */
const mostPages = 5000;

/** @see https://learn.microsoft.com/rest/api/monitor/activity-logs/list: nothing else may stand in the filter. */
const filterOf = ({ from, to }: LogWindow, provider?: string) =>
  `eventTimestamp ge '${from}' and eventTimestamp le '${to}'${provider ? ` and resourceProvider eq '${provider}'` : ''}`;

const pageSchema = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

/**
 * Reads a window page by page, of one resource provider when it is named; stop asking to stop paying. A link to the next page
 * is followed as Azure wrote it: the SDK's own paging appends our parameters again where it spells them differently.
 * @throws {AzureError} also where a 200 is no page of a log, or the pages go in a circle
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
      throw odd(
        `${what}: the link to the next page leads to one that was read already`,
        'NextLinkRepeats',
        200,
      );
    if (seen.size >= mostPages) throw odd(`${what}: more than ${mostPages} pages`, 'TooManyPages', 200);
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
    throw odd(`${what}: answered 200 with ${type.slice(0, 60)}, which is no log`, 'NotALog', 200);
  let body: unknown;
  try {
    body = JSON.parse(bodyAsText ?? '');
  } catch {
    throw odd(`${what}: answered 200 with JSON that is broken off or broken`, 'NotALog', 200);
  }
  const page = pageSchema.safeParse(body);
  if (!page.success) throw odd(`${what}: answered 200 without a list of events`, 'NotALog', 200);
  return page.data;
}

/** Our token goes to one origin, and a log's pages are at one path. */
function linkOf(link: string, endpoint: string, path: string, what: string): string {
  const url = URL.canParse(link) ? new URL(link) : null;
  if (url?.origin !== new URL(endpoint).origin || url.pathname.toLowerCase() !== path.toLowerCase())
    throw odd(
      `${what}: refused a link to the next page that leads away from ${endpoint}`,
      'NextLinkElsewhere',
      200,
    );
  return url.href;
}

const odd = (message: string, code: string, status = 0): AzureError =>
  new AzureError(
    message,
    code,
    status,
    0,
    'it is tried again; if it stays, something between the bot and Azure answers in its place',
  );
