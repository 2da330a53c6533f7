export type Row = Readonly<Record<string, unknown>>;

/** Rows with the type of each column. */
export interface Table {
  types: Readonly<Record<string, string>>;
  rows: readonly Row[];
}

/** A query that the simulated workspace does not understand, or a column that the table does not have. */
export class KustoError extends Error {}

type Read = (row: Row) => unknown;
type Step = (table: Table) => Table;

/** Runs the steps after a table's name. Supports only the Kusto that Runwatch uses; the rest is an error. */
export function runSteps(table: Table, steps: readonly string[]): Table {
  return steps.reduce((rest, step) => stepOf(step, rest)(rest), table);
}

function stepOf(text: string, { types }: Table): Step {
  const input = tokensOf(text);
  const verb = input.word();
  if (verb === 'where') {
    const fits = condition(input, types);
    return input.end((table) => ({ ...table, rows: table.rows.filter(fits) }));
  }
  if (verb === 'extend') {
    const name = input.word();
    input.take('=', 'iff', '(');
    const fits = condition(input, types);
    input.take(',');
    const yes = input.number();
    input.take(',');
    const no = input.number();
    input.take(')');
    return input.end(({ types: before, rows }) => ({
      types: { ...before, [name]: 'long' },
      rows: rows.map((row) => ({ ...row, [name]: fits(row) ? yes : no })),
    }));
  }
  if (verb === 'project') {
    const columns = input.list(() => column(input, types));
    return input.end(({ rows }) => ({
      types: Object.fromEntries(columns.map(({ name, type }) => [name, type])),
      rows: rows.map((row) => Object.fromEntries(columns.map(({ name, read }) => [name, read(row)]))),
    }));
  }
  if (verb === 'distinct') {
    const names = input.list(() => known(input.word(), types));
    return input.end((table) => group(table, names, () => ({})));
  }
  if (verb === 'summarize') {
    const name = input.word();
    input.take('=');
    const isMax = input.word() === 'max';
    input.take('(');
    const of = known(input.word(), types);
    input.take(')');
    if (input.peek() === 'by') input.take('by');
    const names = input.peek() === undefined ? [] : input.list(() => known(input.word(), types));
    const pick = (rows: readonly Row[]) => {
      const sorted = rows.map((row) => row[of]).sort(compare);
      return { [name]: (isMax ? sorted.at(-1) : sorted[0]) ?? null };
    };
    return input.end((table) => {
      const found = group(table, names, pick);
      const types = { ...found.types, [name]: table.types[of] as string };
      return names.length > 0 ? { ...found, types } : { types, rows: [pick(table.rows)] };
    });
  }
  if (verb === 'order') {
    input.take('by');
    const keys = input.list(() => ({
      name: known(input.word(), types),
      sign: input.word() === 'desc' ? -1 : 1,
    }));
    const sorter = (a: Row, b: Row) =>
      keys.reduce((sum, { name, sign }) => sum || sign * compare(a[name], b[name]), 0);
    return input.end((table) => ({ ...table, rows: [...table.rows].sort(sorter) }));
  }
  if (verb === 'take') {
    const count = input.number();
    return input.end((table) => ({ ...table, rows: table.rows.slice(0, count) }));
  }
  throw new KustoError(`query could not be parsed at '${verb}'`);
}

function group(table: Table, names: readonly string[], more: (rows: readonly Row[]) => Row): Table {
  const groups = Map.groupBy(table.rows, (row) => JSON.stringify(names.map((name) => row[name])));
  return {
    types: Object.fromEntries(names.map((name) => [name, table.types[name] as string])),
    rows: [...groups.values()].map((rows) => ({
      ...Object.fromEntries(names.map((name) => [name, rows[0]?.[name]])),
      ...more(rows),
    })),
  };
}

type Tokens = ReturnType<typeof tokensOf>;
type Types = Table['types'];

/** A column by name, or `Name = substring(Column, from, length)`. */
function column(input: Tokens, types: Types): { name: string; type: string; read: Read } {
  const name = input.word();
  if (input.peek() !== '=')
    return { name: known(name, types), type: types[name] as string, read: (row) => row[name] };
  input.take('=', 'substring', '(');
  const of = known(input.word(), types);
  input.take(',');
  const from = input.number();
  input.take(',');
  const length = input.number();
  input.take(')');
  return { name, type: 'string', read: (row) => asText(row[of]).slice(from, from + length) };
}

function condition(input: Tokens, types: Types): (row: Row) => boolean {
  const parts = [conjunction(input, types)];
  while (input.peek() === 'or') {
    input.take('or');
    parts.push(conjunction(input, types));
  }
  return (row) => parts.some((fits) => fits(row));
}

function conjunction(input: Tokens, types: Types): (row: Row) => boolean {
  const parts = [comparison(input, types)];
  while (input.peek() === 'and') {
    input.take('and');
    parts.push(comparison(input, types));
  }
  return (row) => parts.every((fits) => fits(row));
}

function comparison(input: Tokens, types: Types): (row: Row) => boolean {
  if (input.peek() === '(') {
    input.take('(');
    const inner = condition(input, types);
    input.take(')');
    return inner;
  }
  const word = input.word();
  if (word === 'isnotempty') {
    const name = input.inParentheses(() => known(input.word(), types));
    return (row) => asText(row[name]) !== '';
  }
  const name =
    word === 'tostring' ? input.inParentheses(() => known(input.word(), types)) : known(word, types);
  const operator = input.word();
  if (operator === 'in' || operator === 'in~' || operator === 'has_any') {
    const values = input.inParentheses(() => input.list(() => input.value()));
    if (operator === 'has_any')
      return (row) => values.some((value) => hasTerm(asText(row[name]), String(value)));
    const loose = operator === 'in~';
    return (row) => values.some((value) => same(row[name], value, loose));
  }
  const value = input.value();
  switch (operator) {
    case '==':
      return (row) => same(row[name], value, false);
    case '!=':
      return (row) => !same(row[name], value, false);
    case '=~':
      return (row) => same(row[name], value, true);
    case '>=':
      return (row) => compare(row[name], value) >= 0;
    case '<':
      return (row) => compare(row[name], value) < 0;
    default:
      throw new KustoError(`query could not be parsed at '${operator}'`);
  }
}

function known(name: string, types: Types): string {
  if (!types[name]) throw new KustoError(`Failed to resolve column '${name}'`);
  return name;
}

const asText = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');

const same = (a: unknown, b: unknown, loose: boolean) =>
  loose ? asText(a).toLowerCase() === asText(b).toLowerCase() : asText(a) === asText(b);

/** Times compare as times. */
function compare(a: unknown, b: unknown): number {
  const number = (value: unknown) => (typeof value === 'number' ? value : Date.parse(asText(value)));
  return number(a) - number(b);
}

/** Whole words only, as Kusto's index has them. */
const hasTerm = (text: string, term: string) =>
  new RegExp(`(?<![A-Za-z0-9])${term.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![A-Za-z0-9])`, 'i').test(text);

const token =
  /\s*(?:("(?:[^"\\\n]|\\.)*")|(datetime\([^)]*\))|(\d+)|(in~|[A-Za-z_]\w*|==|!=|=~|>=|<|=|\(|\)|,))/y;

function tokensOf(text: string) {
  const all: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const found = token.exec(text);
    if (!found) throw new KustoError(`query could not be parsed at '${text.slice(0, 200)}'`);
    all.push(found[0].trim());
  }
  let at = 0;
  const next = () => {
    const one = all[at++];
    if (one === undefined)
      throw new KustoError(`query could not be parsed: '${text.slice(0, 200)}' ends early`);
    return one;
  };
  const take = (...wanted: string[]) => {
    for (const want of wanted) {
      const one = next();
      if (one !== want) throw new KustoError(`query could not be parsed at '${one}', expected '${want}'`);
    }
  };
  const list = <T>(read: () => T): T[] => {
    const found = [read()];
    while (all[at] === ',') {
      at++;
      found.push(read());
    }
    return found;
  };
  return {
    peek: () => all[at],
    word: next,
    number: () => Number(next()),
    take,
    list,
    inParentheses: <T>(read: () => T): T => {
      take('(');
      const found = read();
      take(')');
      return found;
    },
    value: (): string | number => {
      const one = next();
      if (one.startsWith('"')) return JSON.parse(one) as string;
      return one.startsWith('datetime(') ? one.slice(9, -1) : Number(one);
    },
    end: <T>(result: T): T => {
      if (at < all.length) throw new KustoError(`query could not be parsed at '${all[at]}'`);
      return result;
    },
  };
}
