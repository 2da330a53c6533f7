import { type Answer, ArmError, type ArmRequest } from './answers';

export interface LoggedRecord {
  /** When the log shows the record, ms. As in Azure, this is later than the event. */
  visibleAt: number;
  record: Record<string, unknown> & { eventTimestamp: string };
}

const time = "'([^']+)'";
const grammar = new RegExp(
  `^eventTimestamp ge ${time}(?: and eventTimestamp le ${time})?(?: and (resourceGroupName|resourceUri|resourceProvider|correlationId) eq '([^']+)')?$`,
);
/** Fields that Microsoft documents for $select. */
const selectable = new Set(
  (
    'authorization claims correlationId description eventDataId eventName eventTimestamp httpRequest level operationId ' +
    'operationName properties resourceGroupName resourceProviderName resourceId status submissionTimestamp subStatus subscriptionId'
  ).split(' '),
);

/** Microsoft.Insights/eventtypes/management/values: newest first, paged, only with the documented filters. */
export function answerActivityLog(
  request: ArmRequest,
  log: readonly LoggedRecord[],
  { now, pageSize }: { now: number; pageSize: number },
): Answer {
  const filter = request.query.get('$filter') ?? '';
  const parsed = grammar.exec(filter);
  if (!parsed) {
    throw new ArmError(
      400,
      'BadRequest',
      `The filter '${filter}' is not supported: give eventTimestamp ge, le and at most one of resourceGroupName, resourceUri, resourceProvider, correlationId.`,
    );
  }
  const [, fromText = '', toText, field, value = ''] = parsed;
  const from = Date.parse(fromText);
  const to = toText ? Date.parse(toText) : now;
  if (Number.isNaN(from) || Number.isNaN(to))
    throw new ArmError(400, 'BadRequest', 'The eventTimestamp is not a time.');
  if (from < now - 90 * 86_400_000 - 60_000)
    throw new ArmError(400, 'BadRequest', 'The start time cannot be more than 90 days in the past.');
  const select = request.query.get('$select')?.split(',') ?? null;
  const unknown = select?.find((name) => !selectable.has(name));
  if (unknown) throw new ArmError(400, 'BadRequest', `Could not find a property named '${unknown}'.`);
  const subscription = /\/subscriptions\/([^/]+)/i.exec(request.path)?.[1]?.toLowerCase() ?? '';
  const skip = Number(request.query.get('$skipToken') ?? '0');
  const found = ofSubscription(log, subscription)
    .filter(({ visibleAt, record }) => {
      const at = Date.parse(record.eventTimestamp);
      return visibleAt <= now && at >= from && at <= to && fits(record, field, value);
    })
    .sort((a, b) => Date.parse(b.record.eventTimestamp) - Date.parse(a.record.eventTimestamp));
  const page = found
    .slice(skip, skip + pageSize)
    .map(({ record }) => (select ? pick(record, select) : record));
  const next = new URLSearchParams(request.query);
  next.set('$skipToken', String(skip + pageSize));
  return {
    status: 200,
    body: {
      value: page,
      ...(skip + pageSize < found.length ? { nextLink: `${request.origin}${request.path}?${next}` } : {}),
    },
  };
}

interface Index {
  upTo: number;
  last: LoggedRecord | undefined;
  bySubscription: Map<string, LoggedRecord[]>;
}
const indexes = new WeakMap<readonly LoggedRecord[], Index>();

/** Indexes by subscription: with 10,000 subscriptions polled per minute, scanning the log is too slow. */
function ofSubscription(log: readonly LoggedRecord[], subscription: string): LoggedRecord[] {
  let index = indexes.get(log);
  if (!index || index.upTo > log.length || log[index.upTo - 1] !== index.last) {
    index = { upTo: 0, last: undefined, bySubscription: new Map() };
    indexes.set(log, index);
  }
  for (const entry of log.slice(index.upTo)) {
    const id = String(entry.record.subscriptionId).toLowerCase();
    const theirs = index.bySubscription.get(id);
    if (theirs) theirs.push(entry);
    else index.bySubscription.set(id, [entry]);
  }
  index.upTo = log.length;
  index.last = log.at(-1);
  return index.bySubscription.get(subscription) ?? [];
}

function fits(record: Record<string, unknown>, field: string | undefined, value: string): boolean {
  const has = (text: unknown) => String(text ?? '').toLowerCase() === value.toLowerCase();
  switch (field) {
    case 'resourceProvider':
      return has((record.resourceProviderName as { value?: string } | undefined)?.value);
    case 'resourceGroupName':
      return has(record.resourceGroupName);
    case 'resourceUri':
      return has(record.resourceId);
    case 'correlationId':
      return has(record.correlationId);
    default:
      return true;
  }
}

/** Returned even if not selected. */
const always = ['id', 'tenantId'];

function pick(record: Record<string, unknown>, select: string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([name]) => select.includes(name) || always.includes(name)),
  );
}
