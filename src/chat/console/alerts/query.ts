import { type Severity, severities } from '../../../domain/alerts/severity';

/** The tabs: saved filters. */
export const views = ['open', 'mine', 'unassigned', 'contained', 'suppressed', 'closed'] as const;
export type View = (typeof views)[number];

export const sorts = ['severity', 'alert', 'environment', 'age', 'status', 'owner'] as const;
export type Sort = (typeof sorts)[number];
/** By what groups can be sorted: by their first alert. */
export const groupSorts: readonly Sort[] = ['severity', 'age'];

/** What the list shows. An empty filter matches any alert. */
export interface AlertQuery {
  view: View;
  text: string;
  severity: Severity | '';
  /** One of the states of open alerts. */
  state: string;
  technique: string;
  environment: string;
  /** A group: the alerts of one caller on one machine. */
  of: string;
  sort: Sort;
  /** Least urgent, oldest or last first. */
  reversed: boolean;
  /** Alerts of the same caller on the same machine stand together. */
  grouped: boolean;
  /** The cursor of the page. Empty for the first page. */
  cursor: string;
}

const maxText = 200;
const maxCursor = 800;
const oneOf = <T extends string>(known: readonly T[], given: string): T | null =>
  known.find((one) => one === given) ?? null;

/** Reads a query string. Links of earlier versions name the view in `state`. */
export function queryOf(given: Record<string, unknown>): AlertQuery {
  const text = (name: string, max = maxText) =>
    Object.hasOwn(given, name) && typeof given[name] === 'string'
      ? (given[name] as string).slice(0, max).trim()
      : '';
  const state = text('state');
  const earlier = oneOf(views, state);
  const grouped = text('group') === 'caller-machine';
  const wanted = oneOf(sorts, text('sort').replace(/^-/, '')) ?? 'severity';
  const sort = grouped && !groupSorts.includes(wanted) ? 'severity' : wanted;
  return {
    view: oneOf(views, text('view')) ?? earlier ?? 'open',
    text: text('q'),
    severity: oneOf(severities, text('severity')) ?? '',
    state: earlier ? '' : state,
    technique: text('technique'),
    environment: text('environment'),
    of: text('of', 20),
    sort,
    // The least severe group has no severe alert at all, so that order is by age only.
    reversed: text('sort').startsWith('-') && sort === wanted && !(grouped && sort === 'severity'),
    grouped,
    cursor: text('page', maxCursor),
  };
}

/** The address of the list with some of its settings changed. It starts at the first page again. */
export function hrefOf(query: AlertQuery, change: Partial<AlertQuery> = {}): string {
  const next = { ...query, cursor: '', ...change };
  const sort = `${next.reversed ? '-' : ''}${next.sort}`;
  const parameters = Object.entries({
    view: next.view === 'open' ? '' : next.view,
    q: next.text,
    severity: next.severity,
    state: next.state,
    technique: next.technique,
    environment: next.environment,
    of: next.of,
    sort: sort === 'severity' ? '' : sort,
    group: next.grouped ? 'caller-machine' : '',
    page: next.cursor,
  }).filter(([, value]) => value !== '');
  const text = new URLSearchParams(parameters).toString();
  return text ? `/console?${text}` : '/console';
}

/** No filter but the view. */
export const unfiltered = {
  text: '',
  severity: '',
  state: '',
  technique: '',
  environment: '',
  of: '',
} as const;

export const isFiltering = (query: AlertQuery): boolean =>
  Object.keys(unfiltered).some((name) => query[name as keyof typeof unfiltered] !== '');
