import { shapeOf } from './log-shape';
import { type Bag, bag } from './record-fields';

/** Envelopes in envelopes; nobody means more. */
const deepest = 8;
const longestJson = 32 * 1024 * 1024;

/** Fields under which people keep records: lists, objects, or JSON as text. */
const holders = [
  'records',
  'value',
  'Results',
  'results',
  'items',
  'events',
  'logs',
  'hits',
  '_source',
  'fields',
  'body',
  'message',
  'event',
  'result',
  '_raw',
  'stringValue',
  'logRecords',
  'scopeLogs',
  'resourceLogs',
  'data',
] as const;

/**
 * The records in what a file, a message or an answer holds: lists in lists, the tables of Log Analytics and Data Explorer,
 * Elasticsearch's hits, OpenTelemetry's bodies, Splunk's events, JSON in text. What holds none is a record itself.
 */
export function* unwrap(value: unknown, depth = 0): Generator<unknown> {
  if (depth > deepest) return void (yield value);
  if (Array.isArray(value)) {
    for (const each of value) yield* unwrap(each, depth + 1);
    return;
  }
  if (typeof value === 'string') {
    const inner = parsed(value);
    if (inner === undefined) yield value;
    else yield* unwrap(inner, depth + 1);
    return;
  }
  if (typeof value !== 'object' || value === null) return void (yield value);
  const record = value as Bag;
  if (shapeOf(record)) return void (yield record);
  const tables = record.tables ?? record.Tables;
  if (Array.isArray(tables)) {
    for (const table of tables) yield* rowsOf(bag(table));
    return;
  }
  const inside = holders.flatMap((name) => {
    const held = record[name];
    const isHeld =
      (typeof held === 'object' && held !== null) || (typeof held === 'string' && parsed(held) !== undefined);
    return isHeld ? [held] : [];
  });
  if (inside.length === 0) return void (yield record);
  let found = false;
  for (const held of inside) {
    for (const each of unwrap(held, depth + 1)) {
      if (!isRecord(each)) continue;
      found = true;
      yield each;
    }
    if (found) return;
  }
  if (!inside.every((held) => Array.isArray(held) && held.length === 0)) yield record;
}

const isRecord = (value: unknown): boolean => shapeOf(value) !== null;

function parsed(text: string): unknown {
  if (text.length > longestJson || !/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Each row as an object, by the names of the columns. */
function* rowsOf(table: Bag): Generator<Bag> {
  const columns = (table.columns ?? table.Columns) as Bag[] | undefined;
  const rows = (table.rows ?? table.Rows) as unknown[][] | undefined;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return;
  const names = columns.map((column) => String(column?.name ?? column?.ColumnName ?? ''));
  for (const row of rows)
    if (Array.isArray(row)) yield Object.fromEntries(names.map((name, index) => [name, row[index]]));
}
