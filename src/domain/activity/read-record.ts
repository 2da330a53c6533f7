import { createHash } from 'node:crypto';
import { detectTechnique } from '../techniques/catalogue';
import type { ActivityEvent, EventStatus, UnreadableRecord } from './activity-event';
import { type RawEvent, toCaller, toGrant } from './read-identity';
import { type Bag, bag, text } from './record-fields';

export type Shape = 'rest' | 'diagnostic' | 'log-analytics' | 'ecs';
export const shapes: readonly Shape[] = ['rest', 'diagnostic', 'log-analytics', 'ecs'];

export type Normalized = { event: ActivityEvent } | { unreadable: UnreadableRecord };

/** Finds the shape of one record by the fields that only it has; null when it is none of the four. */
export function shapeOf(record: unknown): Shape | null {
  const r = bag(record);
  if ('OperationNameValue' in r || ('OperationName' in r && 'TimeGenerated' in r)) return 'log-analytics';
  if ('operationName' in r)
    return 'eventTimestamp' in r || typeof r.operationName === 'object' ? 'rest' : 'diagnostic';
  return ecsOperation(r) ? 'ecs' : null;
}

/** Nested, with dotted keys, or wrapped in a search hit's _source. */
function ecsOperation(r: Bag): string {
  const source = r.azure === undefined && r._source !== undefined ? bag(r._source) : r;
  return (
    text(bag(bag(source.azure).activitylogs).operation_name) ||
    text(source['azure.activitylogs.operation_name'])
  );
}

/** The operation that a record is about, without reading the rest of it; null when the record is of no known shape. */
export function operationOf(record: unknown, shape: Shape | null = shapeOf(record)): string | null {
  const r = bag(record);
  const operation =
    shape === 'rest'
      ? localized(r.operationName)
      : shape === 'diagnostic'
        ? text(r.operationName)
        : shape === 'log-analytics'
          ? text(r.OperationNameValue) || text(r.OperationName)
          : shape === 'ecs'
            ? ecsOperation(r)
            : '';
  return operation || null;
}

/**
 * Reads one record of Azure's activity log: REST, the diagnostic export (Event Hubs, storage), Log Analytics'
 * AzureActivity or Elastic's ECS documents. Never throws: what cannot be read comes back with its reason.
 * Source: Microsoft.Insights 2015-04-01 EventData; "Azure activity log event schema" (the diagnostic export);
 * AzureActivity table reference; Elastic's azure.activitylogs fields.
 */
export function normalize(record: unknown, expected?: Shape): Normalized {
  try {
    if (typeof record !== 'object' || record === null) return unreadable(record, 'not a JSON object');
    const shape = expected ?? shapeOf(record);
    if (!shape) return unreadable(record, 'none of the four shapes of an activity log record');
    const raw = readers[shape](bag(record));
    if (!raw.operation) return unreadable(record, `no operation name (read as ${shape})`);
    const time = toIso(raw.time);
    if (!time)
      return unreadable(
        record,
        `no readable time (read as ${shape}, got ${JSON.stringify(raw.time)?.slice(0, 60)})`,
      );
    const resourceId = bestCase(raw);
    if (!resourceId && detectTechnique(raw.operation)) return unreadable(record, 'no resource id');
    return { event: toEvent(raw, time, resourceId) };
  } catch (error) {
    return unreadable(record, `unexpected content: ${(error as Error).message}`);
  }
}

function toEvent(raw: RawEvent, time: string, resourceId: string): ActivityEvent {
  const status = toStatus(raw.status);
  const subStatus = raw.subStatus || null;
  const grant = toGrant(raw.authorization);
  const refused = status === 'failed' && isRefusal(raw);
  const known = status === 'unknown' ? raw.status.toLowerCase() : status;
  const caller = toCaller(raw, grant);
  const id = digest([raw.correlationId || raw.id, raw.operation, known, resourceId, time, caller.id ?? '']);
  const correlationId = raw.correlationId || raw.id || id;
  return {
    id,
    time,
    submitted: toIso(raw.submitted),
    operation: raw.operation,
    status,
    subStatus,
    resourceId,
    subscriptionId: (/^\/subscriptions\/([^/]+)/i.exec(resourceId)?.[1] ?? '').toLowerCase(),
    correlationId: correlationId.toLowerCase(),
    caller,
    refused,
    grantedBy: refused ? null : grant,
    requestBody: text(raw.properties.requestbody) || text(raw.properties.requestBody) || null,
    message: (text(raw.properties.statusMessage) || text(raw.properties.responseBody)).slice(0, 8000) || null,
  };
}

const readers: Record<Shape, (r: Bag) => RawEvent> = {
  rest: (r) => ({
    id: text(r.eventDataId),
    time: r.eventTimestamp,
    submitted: r.submissionTimestamp,
    operation: localized(r.operationName),
    status: localized(r.status),
    subStatus: localized(r.subStatus),
    resourceId: text(r.resourceId) || text(r.resourceUri),
    correlationId: text(r.correlationId) || text(r.operationId),
    callerName: text(r.caller),
    ip: text(bag(r.httpRequest).clientIpAddress),
    claims: bag(r.claims),
    authorization: bag(r.authorization),
    properties: bag(r.properties),
  }),
  diagnostic: (r) => {
    const identity = bag(r.identity);
    const properties = bag(r.properties);
    return {
      id: text(r.eventDataId) || text(properties.eventDataId),
      time: r.time,
      submitted: null,
      operation: text(r.operationName),
      status: text(r.resultType),
      subStatus: text(r.resultSignature).replace(/^[^.]*\./, ''),
      resourceId: text(r.resourceId),
      correlationId: text(r.correlationId),
      callerName: text(r.caller),
      callerDisplayName: typeof r.identity === 'string' && !/^\s*[{[]/.test(r.identity) ? r.identity : '',
      ip: text(r.callerIpAddress),
      claims: bag(identity.claims),
      authorization: bag(identity.authorization),
      properties,
    };
  },
  'log-analytics': (r) => ({
    id: text(r.EventDataId),
    time: r.TimeGenerated ?? r.EventSubmissionTimestamp,
    submitted: r.EventSubmissionTimestamp,
    operation: text(r.OperationNameValue) || text(r.OperationName),
    status: text(r.ActivityStatusValue) || text(r.ActivityStatus),
    subStatus: text(r.ActivitySubstatusValue) || text(r.ActivitySubstatus),
    resourceId: text(r._ResourceId) || text(r.ResourceId),
    correlationId: text(r.CorrelationId) || text(r.OperationId),
    callerName: text(r.Caller),
    ip: text(r.CallerIpAddress) || text(bag(r.HTTPRequest ?? r.HttpRequest).clientIpAddress),
    claims: bag(r.Claims_d ?? r.Claims),
    authorization: bag(r.Authorization_d ?? r.Authorization),
    properties: bag(r.Properties_d ?? r.Properties),
  }),
  ecs: (document) => {
    const r = bag(nest(document));
    const log = bag(bag(r.azure).activitylogs);
    const identity = bag(log.identity);
    const user = bag(identity.claims_initiated_by_user);
    const event = bag(r.event);
    const resource = bag(bag(r.azure).resource);
    const azure = bag(r.azure);
    return {
      id: text(log.event_data_id) || text(event.id),
      time: r['@timestamp'],
      submitted: null,
      operation: text(log.operation_name) || text(event.action),
      status: text(log.result_type) || text(event.outcome),
      subStatus: text(log.result_signature).replace(/^[^.]*\./, ''),
      resourceId: text(resource.id),
      correlationId: text(azure.correlation_id),
      callerName: text(user.name) || text(bag(r.user).email) || text(bag(r.user).name),
      callerDisplayName: text(user.fullname) || text(bag(r.user).full_name) || text(log.identity_name),
      ip: text(bag(r.source).ip) || text(bag(r.client).ip),
      claims: bag(identity.claims),
      authorization: bag(identity.authorization),
      properties: bag(log.properties),
    };
  },
};

/** authorization.scope and properties.entity keep the case of names that the export shapes write in capitals. */
function bestCase(raw: RawEvent): string {
  const candidates = [text(raw.authorization.scope), text(raw.properties.entity)].filter((id) =>
    id.startsWith('/'),
  );
  if (!raw.resourceId) return candidates[0] ?? '';
  const same = candidates.find((id) => id.toLowerCase() === raw.resourceId.toLowerCase());
  return same ?? raw.resourceId;
}

function toStatus(status: string): EventStatus {
  switch (status.toLowerCase()) {
    case 'start':
    case 'started':
      return 'started';
    case 'accept':
    case 'accepted':
      return 'accepted';
    case 'success':
    case 'succeeded':
      return 'succeeded';
    case 'fail':
    case 'failed':
    case 'failure':
    case 'canceled':
    case 'cancelled':
      return 'failed';
    default:
      return 'unknown';
  }
}

/** By Azure's own codes only: what a failure's message says may be the caller's text. */
const isRefusal = (raw: RawEvent) =>
  [raw.subStatus, text(raw.properties.statusCode), text(raw.properties.status_code)].some((code) =>
    /^(forbidden|unauthorized|authorizationfailed|403|401)$/i.test(code.trim().replace(/[.]$/, '')),
  );

/** Azure writes up to 7 fraction digits, and Log Analytics exports sometimes no zone: both are UTC. */
export function toIso(time: unknown): string | null {
  if (time instanceof Date) return Number.isNaN(time.getTime()) ? null : time.toISOString();
  if (typeof time !== 'string' || time === '') return null;
  const zoned = /(?:z|utc|gmt|[+-]\d\d:?\d\d)$/i.test(time);
  const ms = Date.parse(zoned ? time : /^\d{4}-\d\d-\d\dT/.test(time) ? `${time}Z` : `${time} UTC`);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

const localized = (value: unknown) => (typeof value === 'object' ? text(bag(value).value) : text(value));

/** Elastic exports come nested, with dotted keys, or wrapped in a search hit's _source. */
function nest(document: Bag): Bag {
  const source = 'azure' in document || !('_source' in document) ? document : bag(document._source);
  if (bag(source.azure).activitylogs) return source;
  const out: Bag = Object.create(null);
  for (const [path, value] of Object.entries(source)) {
    const keys = path.split('.');
    let at = out;
    for (const key of keys.slice(0, -1)) {
      if (typeof at[key] !== 'object' || at[key] === null) at[key] = Object.create(null);
      at = at[key] as Bag;
    }
    at[keys.at(-1) ?? path] = value;
  }
  return out;
}

const digest = (parts: readonly string[]) =>
  createHash('sha256').update(parts.join('\u0000').toLowerCase()).digest('hex').slice(0, 32);

function unreadable(record: unknown, reason: string): Normalized {
  let excerpt: string;
  try {
    excerpt = (typeof record === 'string' ? record : (JSON.stringify(record) ?? String(record))).slice(
      0,
      2000,
    );
  } catch {
    excerpt = '(cannot be shown)';
  }
  return { unreadable: { reason, excerpt } };
}
