/** A JSON object whose fields nobody has vouched for. */
export type Bag = Record<string, unknown>;

const longestJson = 8 * 1024 * 1024;

/**
 * The value as an object. Text that holds JSON is parsed: Log Analytics writes claims so, with line breaks before them.
 * PowerShell's {"Content": {…}} is what it holds. Anything else is {}.
 */
export function bag(value: unknown): Bag {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const inner = value as Bag;
    const { Content: content } = inner;
    return typeof content === 'object' && content !== null && Object.keys(inner).length === 1
      ? bag(content)
      : inner;
  }
  if (typeof value !== 'string' || value.length > longestJson || !/^\s*\{/.test(value)) return {};
  try {
    return bag(JSON.parse(value));
  } catch {
    return {};
  }
}

/** The first of several columns that holds anything: exports leave columns empty that others fill. */
export function firstBag(...values: unknown[]): Bag {
  for (const value of values) {
    const found = bag(value);
    if (Object.values(found).some(isFilled)) return found;
  }
  return {};
}

/**
 * The claims of the first column that holds any. A column that holds something else counts as claims that cannot be read, so
 * that nothing beside it is taken for what they say.
 */
export function claimsFrom(...columns: unknown[]): Bag {
  const found = firstBag(...columns);
  if (Object.keys(found).length > 0) return found;
  const isCut = columns.some((column) => typeof column === 'string' && isSaid(column));
  return isCut ? { unreadable: true } : {};
}

/** Exports write None, null and the like where there is nothing. */
export const isSaid = (value: string): boolean => !/^\s*(?:none|null|n\/a|-|\{\}|\[\])?\s*$/i.test(value);

/** The value as text; numbers are written out, objects as JSON, null and the rest are "". */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return '';
}

/** A field that REST writes as {"value", "localizedValue"}, and others as text alone. */
export function valueIn(field: unknown): string {
  return typeof field === 'object' && field !== null ? text(fieldOf(field as Bag, 'value')) : text(field);
}

/** One spelling of a field's name: eventTimestamp, EventTimestamp, event_timestamp and "Event Timestamp [UTC]" alike. */
const spelled = (name: string) =>
  name
    .replace(/\s*\[[^\]]*\]\s*$/, '')
    .replace(/[\s_-]/g, '')
    .toLowerCase();

/** Of the names that shapes ask for, which are few. */
const wantedNames = new Map<string, string>();

function wanted(name: string): string {
  const known = wantedNames.get(name);
  if (known !== undefined) return known;
  const respelled = spelled(name);
  wantedNames.set(name, respelled);
  return respelled;
}

/** Of the last records, since each is asked for many fields in turn; a WeakMap of millions costs seconds of collection. */
const recent: { record: Bag; index: Map<string, unknown> }[] = [];
const recentAtMost = 8;
let oldest = 0;

/** A field by the first of the names that it has, however they are spelled; the exact spelling wins. */
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
  oldest = (oldest + 1) % recentAtMost;
  return index;
}

/** Is it an operation's name, and not what people call it in some language? */
export const isOperation = (name: string) => /^[a-z0-9][\w-]*(\.[\w-]+)+\/[\w./$-]+$/i.test(name);

/**
 * The operation of a record: by its field, or where that holds a display name, by properties.message, then by the action that
 * was authorized. Null where none is one.
 */
export function operationFrom(named: unknown, properties: Bag, authorization: Bag): string | null {
  const written = valueIn(named);
  if (isOperation(written)) return written;
  const candidates = [text(fieldOf(properties, 'message')), text(fieldOf(authorization, 'action'))];
  return candidates.find(isOperation) ?? null;
}
