import type { AzureClients } from './clients';
import { toAzureError } from './errors';

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

/** @see https://learn.microsoft.com/rest/api/monitor/activity-logs/list: nothing else may stand in the filter. */
const filterOf = ({ from, to }: LogWindow, provider?: string) =>
  `eventTimestamp ge '${from}' and eventTimestamp le '${to}'${provider ? ` and resourceProvider eq '${provider}'` : ''}`;

/** Reads a window page by page, of one resource provider when it is named; stop asking to stop paying. */
export async function* readLog(
  clients: AzureClients,
  window: LogWindow,
  provider?: string,
): AsyncGenerator<LogPage> {
  let more = false;
  const onResponse = (_: unknown, flat: unknown) => {
    more = Boolean((flat as { nextLink?: string } | undefined)?.nextLink);
  };
  try {
    const pages = clients
      .monitor(window.subscriptionId)
      .activityLogs.list(filterOf(window, provider), { select: fields, onResponse })
      .byPage();
    for await (const records of pages) yield { records, more };
  } catch (error) {
    throw toAzureError(error, `activity log of subscription ${window.subscriptionId}`);
  }
}
