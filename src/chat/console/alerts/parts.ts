import type { AlertQuery as Search, SearchPart } from '../../../domain/alerts/alert-query';
import { type FacetCount, type Facets, ownerKeyOf } from '../../../domain/alerts/facets';
import { mainEnvironmentTerm } from '../../../domain/alerts/search-terms';
import { mostUrgentFirst } from '../../../domain/alerts/severity';
import { openStates } from '../../../domain/alerts/transitions';
import { techniqueOf } from '../../../domain/techniques/catalogue';
import type { AlertQuery, Sort } from './query';

/** A value that a column has: its place in the order, and how its alerts are found. */
interface Value {
  key: string;
  order: string;
  query: Partial<Search>;
}

const last = '\uffff';

const valueIn: Record<Exclude<Sort, 'age' | 'severity'>, (facets: Facets) => Value> = {
  alert: ({ technique }) => ({
    key: technique,
    order: techniqueOf(technique).title.toLowerCase(),
    query: { techniques: [technique] },
  }),
  environment: ({ environments: [first = ''] }) => ({
    key: mainEnvironmentTerm(first),
    order: first.toLowerCase() || last,
    query: { mainEnvironment: first },
  }),
  status: ({ state }) => ({
    key: state,
    order: String([...openStates, 'closed'].indexOf(state)),
    query: { states: [state] },
  }),
  owner: ({ owner }) => ({
    key: ownerKeyOf(owner),
    order: owner?.name.toLowerCase() ?? last,
    query: { owners: [ownerKeyOf(owner)] },
  }),
};

/**
 * The parts of the list in the order of a column: each of its values, the most severe alerts first.
 * @param all of all alerts
 * @param listed of those in the list; null if that is not known exactly
 */
export function partsOf(
  query: AlertQuery,
  search: Search,
  all: readonly FacetCount[],
  listed: readonly FacetCount[] | null,
): SearchPart[] {
  const { sort, reversed } = query;
  if (sort === 'age') return [{ key: '', query: {} }];
  const read = sort === 'severity' ? null : valueIn[sort];
  const values = new Map<string, Value>();
  for (const { facets } of read ? all : []) {
    const value = read?.(facets);
    if (value) values.set(value.key, value);
  }
  const inOrder = [...values.values()].sort((a, b) => compare(a.order, b.order) || compare(a.key, b.key));
  const columns: Value[] = read
    ? reversed
      ? inOrder.reverse()
      : inOrder
    : [{ key: '', order: '', query: {} }];
  const severities = sort === 'severity' && reversed ? mostUrgentFirst.toReversed() : mostUrgentFirst;
  const keyOf = (value: string, severity: string) => `${value}|${severity}`;
  const known =
    listed && new Set(listed.map(({ facets }) => keyOf(read?.(facets).key ?? '', facets.severity)));
  return columns.flatMap((column) =>
    severities.map((severity) => {
      const key = keyOf(column.key, severity);
      const part = { ...column.query, severities: [severity] };
      return { key, query: part, isEmpty: (known && !known.has(key)) || excludes(search, part) };
    }),
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Whether the search itself asks for other values. */
const excludes = (search: Search, part: Partial<Search>): boolean =>
  (['severities', 'states', 'techniques', 'owners'] as const).some((field) => {
    const [asked, own] = [search[field] as readonly string[] | undefined, part[field]?.[0]];
    return asked?.length && own !== undefined && !asked.includes(own);
  });
