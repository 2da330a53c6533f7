/** Kusto text. Only {@link kql} creates it, so values can't change a query. */
export class Kql {
  constructor(readonly text: string) {}
}

type Value = Kql | string | number | Date | readonly string[];

/** Kusto template tag. Strings, numbers, times and lists become literals. */
export function kql(strings: TemplateStringsArray, ...values: readonly Value[]): Kql {
  return new Kql(strings.map((text, i) => text + (i < values.length ? literal(values[i]) : '')).join(''));
}

/** The name of a table of ours. */
export function tableName(table: string): Kql {
  if (!/^[A-Za-z][A-Za-z0-9_]{1,62}$/.test(table)) throw new Error(`not a table: ${table}`);
  return new Kql(table);
}

/** Steps of a query. */
export const piped = (...steps: readonly Kql[]): Kql => new Kql(steps.map(({ text }) => text).join('\n| '));

function literal(value: Value | undefined): string {
  if (value instanceof Kql) return value.text;
  if (value instanceof Date) return `datetime(${value.toISOString()})`;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value) && value.length > 0) return value.map(quoted).join(', ');
  throw new Error('not a value for a query');
}

/** Longer than any Azure id. */
const maxLength = 2000;
/** Characters that end a line or are not text: no id has them. */
const unfit = /[\p{Cc}\u2028\u2029]/u;

function quoted(text: string): string {
  if (text.length > maxLength || unfit.test(text))
    throw new Error(`refused to query for ${JSON.stringify(text.slice(0, 100))}`);
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
