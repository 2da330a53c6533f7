import { redactSecrets } from '../text/redactor';

/** The types of a data collection rule's columns. */
export type ColumnType = 'string' | 'int' | 'long' | 'datetime' | 'dynamic';

export interface Column<Source> {
  type: ColumnType;
  of: (source: Source) => unknown;
}

/** A table of the workspace: what a row has of its source. deploy/sentinel/columns.json declares the same columns. */
export interface SentinelTable<Source> {
  name: `${string}_CL`;
  columns: Readonly<Record<string, Column<Source>>>;
  /** Columns that a row keeps if Azure refuses the rest of it. */
  core: readonly string[];
}

export type Row = Readonly<Record<string, unknown>>;

/** Every table has this column: why a row has the columns of `core` only. */
export const noteColumn = 'Note';

/**
 * Azure stores the time of arrival in place of a TimeGenerated that is more than 2 days old. An hour less, because
 * clocks differ, ms.
 */
const oldestMs = 47 * 3_600_000;
/** Azure's limit of a field is 64 KB. The rest is for the mark, bytes. */
const maxFieldBytes = 64_000;

/** The time that a row gets in the workspace: when it happened, or now if that was too long ago or is yet to come. */
export const generatedAt = (at: number, now: number): string =>
  new Date(at <= now && now - at <= oldestMs ? at : now).toISOString();

/** The row as JSON, without our own secrets. */
export const rowJson = <Source>({ columns }: SentinelTable<Source>, source: Source): string =>
  jsonOf(Object.entries(columns).map(([name, { of }]) => [name, of(source)]));

/** A row that only identifies its source, as JSON. */
export const coreJson = <Source>(
  { columns, core }: SentinelTable<Source>,
  source: Source,
  note: string,
): string => jsonOf([...core.map((name) => [name, columns[name]?.of(source)] as const), [noteColumn, note]]);

/** Empty columns are left out: Azure bills each byte. */
function jsonOf(fields: readonly (readonly [string, unknown])[]): string {
  const row = fields
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => [name, limited(value)]);
  return redactSecrets(JSON.stringify(Object.fromEntries(row)));
}

function limited(value: unknown): unknown {
  if (typeof value === 'string') return limitedText(value);
  if (typeof value !== 'object' || value === null) return value;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes <= maxFieldBytes ? value : { cut: `${bytes} bytes` };
}

function limitedText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxFieldBytes) return text;
  const kept = bytes
    .subarray(0, maxFieldBytes)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  return `${kept}… [cut, ${bytes.length} bytes]`;
}
