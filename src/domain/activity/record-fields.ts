/** A JSON object with unvalidated fields. */
export type Bag = Record<string, unknown>;

const maxJsonLength = 8 * 1024 * 1024;

/**
 * Returns the value as an object, or {} if it is none. JSON text is parsed, because Log Analytics writes
 * claims as text after line breaks. PowerShell's {"Content": {…}} is unwrapped.
 */
export function bag(value: unknown): Bag {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const inner = value as Bag;
    const { Content: content } = inner;
    return typeof content === 'object' && content !== null && Object.keys(inner).length === 1
      ? bag(content)
      : inner;
  }
  if (typeof value !== 'string' || value.length > maxJsonLength || !/^\s*\{/.test(value)) return {};
  try {
    return bag(JSON.parse(value));
  } catch {
    return {};
  }
}

/** The first column with content: different exports fill different columns. */
export function firstBag(...values: unknown[]): Bag {
  for (const value of values) {
    const found = bag(value);
    if (Object.values(found).some(isFilled)) return found;
  }
  return {};
}

/**
 * The claims of the first column that has any. A column with unreadable content counts as unreadable claims,
 * so that other fields do not replace them.
 */
export function claimsFrom(...columns: unknown[]): Bag {
  const found = firstBag(...columns);
  if (Object.keys(found).length > 0) return found;
  const isCut = columns.some((column) => typeof column === 'string' && hasValue(column));
  return isCut ? { unreadable: true } : {};
}

/** Whether a text has a real value: exports write None, null and similar for empty ones. */
export const hasValue = (value: string): boolean => !/^\s*(?:none|null|n\/a|-|\{\}|\[\])?\s*$/i.test(value);

/** The value as text. Objects become JSON; null and other types become "". */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return '';
}

/** The text of a field that REST writes as {"value", "localizedValue"} and others as plain text. */
export function valueIn(field: unknown): string {
  return typeof field === 'object' && field !== null ? text(fieldOf(field as Bag, 'value')) : text(field);
}

/**
 * Normalizes a field name: eventTimestamp, EventTimestamp, event_timestamp and "Event Timestamp [UTC]" are
 * equal.
 */
const spelled = (name: string) =>
  name
    .replace(/\s*\[[^\]]*\]\s*$/, '')
    .replace(/[\s_-]/g, '')
    .toLowerCase();

/** Cache of the few names that shapes look up. */
const wantedNames = new Map<string, string>();

function wanted(name: string): string {
  const known = wantedNames.get(name);
  if (known !== undefined) return known;
  const respelled = spelled(name);
  wantedNames.set(name, respelled);
  return respelled;
}

/**
 * Cache for the most recent records, because each is read many times. A WeakMap with millions of entries
 * costs seconds of garbage collection.
 */
const recent: { record: Bag; index: Map<string, unknown> }[] = [];
const maxRecent = 8;
let oldest = 0;

/**
 * The first of the named fields that has a value. The exact name takes precedence over a normalized match.
 */
export function fieldOf(record: Bag, ...names: string[]): unknown {
  for (const name of names) {
    const exact = record[name];
    if (isFilled(exact)) return exact;
    const respelled = indexOf(record).get(wanted(name));
    if (isFilled(respelled)) return respelled;
  }
  return undefined;
}

const isFilled = (value: unknown) => value !== undefined && value !== null && value !== '';

function indexOf(record: Bag): Map<string, unknown> {
  const known = recent.find((each) => each.record === record);
  if (known) return known.index;
  const index = new Map<string, unknown>();
  for (const [key, value] of Object.entries(record)) {
    const name = spelled(key);
    if (!isFilled(index.get(name))) index.set(name, value);
  }
  recent[oldest] = { record, index };
  oldest = (oldest + 1) % maxRecent;
  return index;
}

/** Whether it is an operation name and not a localized display name. */
export const isOperation = (name: string) => /^[a-z0-9][\w-]*(\.[\w-]+)+\/[\w./$-]+$/i.test(name);

/**
 * A record's operation: from its field or, if that has a display name, from properties.message or the
 * authorized action. Null if none is an operation name.
 */
export function operationFrom(named: unknown, properties: Bag, authorization: Bag): string | null {
  const written = valueIn(named);
  if (isOperation(written)) return written;
  const candidates = [text(fieldOf(properties, 'message')), text(fieldOf(authorization, 'action'))];
  return candidates.find(isOperation) ?? null;
}

/** A claim by its short name. Azure writes the name plain or as a URI ("http://…/claims/upn"). */
export function claim(claims: Bag, name: string): string {
  return single(claims[name]) || uriClaim(claims, name);
}

/** A claim whose name is a URI. The plain claim "name" is the display name. */
export function uriClaim(claims: Bag, name: string): string {
  for (const key of Object.keys(claims)) if (key.endsWith(`/${name}`)) return single(claims[key]);
  return '';
}

const single = (value: unknown): string =>
  text(Array.isArray(value) && value.length === 1 ? value[0] : value);
