import { type Severity, severities } from '../../../domain/alerts/severity';

/** The tabs: saved filters. */
export const views = ['open', 'mine', 'unassigned', 'contained', 'suppressed', 'closed'] as const;
export type View = (typeof views)[number];

export const sorts = ['severity', 'alert', 'environment', 'age', 'status', 'owner'] as const;
export type Sort = (typeof sorts)[number];

/** What the list shows. An empty filter matches any alert. */
export interface AlertQuery {
  view: View;
  text: string;
  severity: Severity | '';
  /** One of the states of open alerts. */
  state: string;
  technique: string;
  environment: string;
  sort: Sort;
  /** Least urgent, oldest or last first. */
  reversed: boolean;
  /** Alerts of the same caller on the same machine stand together. */
  grouped: boolean;
  /** Where the page begins; see pageOf. Empty for the first page. */
  cursor: string;
}

const maxText = 200;
const maxCursor = 4000;
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
  const sort = text('sort');
  return {
    view: oneOf(views, text('view')) ?? earlier ?? 'open',
    text: text('q'),
    severity: oneOf(severities, text('severity')) ?? '',
    state: earlier ? '' : state,
    technique: text('technique'),
    environment: text('environment'),
    sort: oneOf(sorts, sort.replace(/^-/, '')) ?? 'severity',
    reversed: sort.startsWith('-'),
    grouped: text('group') === 'caller-machine',
    cursor: text('after', maxCursor),
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
    sort: sort === 'severity' ? '' : sort,
    group: next.grouped ? 'caller-machine' : '',
    after: next.cursor,
  }).filter(([, value]) => value !== '');
  const text = new URLSearchParams(parameters).toString();
  return text ? `/console?${text}` : '/console';
}

export const isFiltering = ({ text, severity, state, technique, environment }: AlertQuery): boolean =>
  [text, severity, state, technique, environment].some(Boolean);
