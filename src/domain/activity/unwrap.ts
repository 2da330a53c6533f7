import { shapeOf } from './log-shape';
import { type Bag, bag, fieldOf } from './record-fields';

/** Maximum nesting of wrappers. */
const maxDepth = 16;
const maxJsonLength = 32 * 1024 * 1024;

/** Fields that may contain records: lists, objects, or JSON as text. */
const wrapperFields = [
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
  'outputs',
  'content',
  'original',
  'log',
  'responses',
  'sequences',
  'inner_hits',
  'raw_data',
  'RawEventData',
  'payload',
  'detail',
] as const;

/**
 * Yields the records inside a file, message or response: nested lists, tables of Log Analytics and Data
 * Explorer, Elasticsearch hits, OpenTelemetry bodies, Splunk events, JSON in text. A value without nested
 * records is yielded as a record.
 */
export function* unwrap(value: unknown, depth = 0): Generator<unknown> {
  if (depth > maxDepth) return void (yield value);
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
  // A Splunk row has some of the record's fields, and the complete record in _raw.
  const raw = typeof record._raw === 'string' ? parsed(record._raw) : undefined;
  if (raw !== undefined && isRecord(raw)) return void (yield raw);
  if (shapeOf(record)) return void (yield record);
  if ('kvlistValue' in record || 'arrayValue' in record)
    return void (yield* unwrap(fromTelemetry(record), depth + 1));
  if (tableOf(record)) return void (yield* rowsOf(record));
  const tables = record.tables ?? record.Tables;
  if (Array.isArray(tables) && tables.length > 0) {
    for (const [index, table] of tables.entries())
      for (const row of rowsOf(bag(table))) if (index === 0 || isRecord(row)) yield row;
    return;
  }
  let isEmpty = false;
  let isFound = false;
  for (const name of wrapperFields) {
    const held = fieldOf(record, name);
    const isHeld =
      (typeof held === 'object' && held !== null) || (typeof held === 'string' && parsed(held) !== undefined);
    if (!isHeld || (isFound && !Array.isArray(held))) continue;
    const found = [...unwrap(held, depth + 1)];
    isEmpty = found.length === 0;
    if (!found.some(isRecord)) continue;
    isFound = true;
    yield* found;
    // After a list, another list may follow. After a single value, other fields repeat the same record in
    // another form.
    if (!Array.isArray(held)) return;
  }
  if (isFound) return;
  // A Data Explorer frame without rows contains only the query's status.
  if (!isEmpty && typeof record.FrameType !== 'string') yield record;
}

const isRecord = (value: unknown): boolean => shapeOf(value) !== null;

function parsed(text: string): unknown {
  if (text.length > maxJsonLength || !/^\s*"?\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Table {
  columns: unknown[];
  rows: unknown[];
}

/**
 * A table in the format of Log Analytics, Data Explorer, Elasticsearch's ES|QL or pandas; null if it is
 * none.
 */
function tableOf(record: Bag): Table | null {
  const columns = record.columns ?? record.Columns ?? record.columnDescriptors;
  const rows = record.rows ?? record.Rows ?? record.values ?? record.data;
  return Array.isArray(columns) && Array.isArray(rows) ? { columns, rows } : null;
}

/**
 * Yields each row as an object with the column names as keys. A value that is not a table is yielded
 * unchanged.
 */
function* rowsOf(record: Bag): Generator<unknown> {
  const table = tableOf(record);
  if (!table) return void (yield record);
  const kind = record.TableKind;
  if (typeof kind === 'string' && kind !== 'PrimaryResult') return;
  const names = table.columns.map((column) => {
    const { name, ColumnName, columnName } = bag(column);
    return typeof column === 'string' ? column : String(name ?? ColumnName ?? columnName ?? '');
  });
  for (const row of table.rows)
    yield Array.isArray(row) ? Object.fromEntries(names.map((name, index) => [name, row[index]])) : row;
}

/** OpenTelemetry's AnyValue as plain JSON. Source: opentelemetry-proto, common.proto. */
function fromTelemetry(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  const { kvlistValue, arrayValue, ...simple } = value as Bag;
  if (kvlistValue) {
    const pairs = bag(kvlistValue).values;
    return Object.fromEntries(
      (Array.isArray(pairs) ? pairs : []).map((pair) => [
        String(bag(pair).key),
        fromTelemetry(bag(pair).value, depth + 1),
      ]),
    );
  }
  if (arrayValue) {
    const { values } = bag(arrayValue);
    return (Array.isArray(values) ? values : []).map((each) => fromTelemetry(each, depth + 1));
  }
  return Object.values(simple)[0];
}
