import { createHash } from 'node:crypto';
import { detectTechnique } from '../techniques/catalogue';
import type { ActivityEvent, EventStatus, UnreadableRecord } from './activity-event';
import { allShapes, type LogShape, shapeOf } from './log-shape';
import { type RawEvent, toCaller, toGrant } from './read-identity';
import { type Bag, fieldOf, text } from './record-fields';

export type Normalized = { event: ActivityEvent } | { unreadable: UnreadableRecord };

/** The shape with this id; null if unknown. */
export const shapeById = (id: string): LogShape | null =>
  allShapes().find((shape) => shape.id === id) ?? null;

/** A record's operation, without parsing the rest; null if it can't be determined. */
export const operationOf = (record: unknown, shape: LogShape | null = shapeOf(record)): string | null =>
  shape && typeof record === 'object' && record !== null ? shape.operation(record as Bag) : null;

/**
 * Parses one activity log record in any of the shapes in `shapes/`. Never throws: an unreadable record is
 * returned with the reason.
 */
export function normalize(record: unknown, expected?: LogShape): Normalized {
  try {
    if (typeof record !== 'object' || record === null) return unreadable(record, 'not a JSON object');
    const shape = expected ?? shapeOf(record);
    if (!shape) return unreadable(record, 'not in any known activity log format');
    const raw = shape.read(record as Bag);
    if (!raw.operation)
      return unreadable(record, `no operation name, or only a display name (read as ${shape.id})`);
    const time = toIso(raw.time);
    if (!time)
      return unreadable(
        record,
        `no readable time (read as ${shape.id}, got ${JSON.stringify(raw.time)?.slice(0, 60)})`,
      );
    const resourceId = restoreCase(raw);
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

/**
 * Restores the letter case: export shapes write names in capitals, but authorization.scope and
 * properties.entity keep it.
 */
function restoreCase(raw: RawEvent): string {
  const candidates = [text(fieldOf(raw.authorization, 'scope')), text(raw.properties.entity)].filter((id) =>
    id.startsWith('/'),
  );
  const whole = (id: string) => id.replace(/\/+$/, '');
  if (!raw.resourceId.startsWith('/')) return whole(candidates[0] ?? '');
  const named = whole(raw.resourceId);
  return candidates.map(whole).find((id) => id.toLowerCase() === named.toLowerCase()) ?? named;
}

function toStatus(status: string): EventStatus {
  switch (status.toLowerCase().trim().replace(/[.]$/, '')) {
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
    case 'cancel':
    case 'canceled':
    case 'cancelled':
      return 'failed';
    default:
      return 'unknown';
  }
}

/** Uses only Azure's codes, because a failure message may contain the caller's text. */
const isRefusal = (raw: RawEvent) =>
  [raw.subStatus, text(raw.properties.statusCode), text(raw.properties.status_code)].some((code) =>
    /^(forbidden|unauthorized|authorizationfailed|403|401)$/i.test(code.trim().replace(/[.]$/, '')),
  );

/**
 * Numbers below this are seconds; larger ones are milliseconds, microseconds or nanoseconds. Each range
 * covers the years 1973 to 5138.
 */
const secondsBelow = 1e11;
/** A number outside this range is not a timestamp of Azure's; for example 1, or .NET ticks. */
const earliest = Date.UTC(2000);
const latest = Date.UTC(2100);

/**
 * Converts timestamp formats of exports to ISO: RFC 3339 with up to 7 fraction digits; without a zone (then
 * UTC); milliseconds or seconds since 1970; PowerShell's /Date(…)/; the portal's US format; German dates.
 * Null if it is not a real date, such as February 30.
 */
export function toIso(time: unknown): string | null {
  if (time instanceof Date) return Number.isNaN(time.getTime()) ? null : time.toISOString();
  const epoch =
    typeof time === 'number'
      ? time
      : Number(/^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(String(time))?.[1] ?? Number.NaN);
  if (!Number.isNaN(epoch)) return fromEpoch(epoch);
  if (typeof time === 'object' && time !== null && 'value' in time) return toIso(time.value);
  if (typeof time !== 'string' || time === '') return null;
  const trimmed = time
    .trim()
    .replace(/\s*\([^)]*\)$/, '')
    .replace(/(:\d\d),(\d+)/, '$1.$2')
    .replace(/([+-]\d\d)$/, (_, zone) => (/T|:\d\d/.test(time) ? `${zone}:00` : zone));
  if (/^\d{10}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?$/.test(trimmed)) return fromEpoch(Number(trimmed));
  const us =
    /^(\d{1,2})\/(\d{1,2})\/(\d{4}),?\s+(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?\s*([AP]M)?(?:\s*UTC)?$/i.exec(
      trimmed,
    );
  if (us) return fromUs(us);
  const german =
    /^(\d{1,2})\.(\d{1,2})\.(\d{4}),?\s+(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?()(?:\s*UTC)?$/i.exec(trimmed);
  if (german)
    return fromUs([german[0], german[2], german[1], ...german.slice(3)] as unknown as RegExpExecArray);
  const day = /^(\d{4})-(\d\d)-(\d\d)/.exec(trimmed);
  if (day && !isDay(Number(day[1]), Number(day[2]), Number(day[3]))) return null;
  const zoned = /(?:z|utc|gmt|(?:gmt|utc)?[+-]\d\d:?\d\d)$/i.test(trimmed);
  const ms = Date.parse(
    zoned ? trimmed : /^\d{4}-\d\d-\d\dT/.test(trimmed) ? `${trimmed}Z` : `${trimmed} UTC`,
  );
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

function fromEpoch(value: number): string | null {
  const size = Math.abs(value);
  const perMs = size < secondsBelow ? 1e-3 : size < 1e14 ? 1 : size < 1e17 ? 1e3 : 1e6;
  const ms = Math.floor(value / perMs + 1e-6);
  return ms < earliest || ms >= latest ? null : new Date(ms).toISOString();
}

function fromUs([, month, day, year, hour, minute, second, fraction = '0', half]: RegExpExecArray):
  | string
  | null {
  if (!isDay(Number(year), Number(month), Number(day))) return null;
  const hours = half ? (Number(hour) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0) : Number(hour);
  const ms = Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6);
  const at = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    hours,
    Number(minute),
    Number(second),
    ms,
  );
  return hours > 23 ? null : new Date(at).toISOString();
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
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
    excerpt = '(not printable)';
  }
  return { unreadable: { reason, excerpt } };
}
