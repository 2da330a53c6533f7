import { type Severity, severities } from '../../../domain/alerts/severity';

/** The tabs: saved filters. */
export const views = ['open', 'mine', 'unassigned', 'contained', 'suppressed', 'closed', 'all'] as const;
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
  /** Caller's key; see callerKeyOf. */
  caller: string;
  /** A machine's resource id, in lower case. */
  machine: string;
  /** A command started in this hour of the week, UTC: "mon-09". */
  hour: string;
  /** A command started on this day, UTC: "2026-11-26". */
  day: string;
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
/** Longer than any resource id of a machine. */
const maxId = 600;
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** An hour of the week in the address: "mon-09" for 9. */
export const hourName = (hour: number): string =>
  `${weekdays[Math.floor(hour / 24)]}-${String(hour % 24).padStart(2, '0')}`;

/** The hour of the week that a name is for, 0 for the first hour of Monday; null if there is none. */
export function hourOf(name: string): number | null {
  const [, day = '', hour = ''] = /^([a-z]{3})-([01]\d|2[0-3])$/.exec(name) ?? [];
  const index = weekdays.indexOf(day);
  return index === -1 ? null : index * 24 + Number(hour);
}

/** When a day begins, ms; null if it is none. */
export function dayOf(name: string): number | null {
  const start = /^\d{4}-\d\d-\d\d$/.test(name) ? Date.parse(`${name}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(start) ? null : start;
}
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
    caller: text('caller').toLowerCase(),
    machine: text('machine', maxId).toLowerCase(),
    hour: hourOf(text('hour')) === null ? '' : text('hour'),
    day: dayOf(text('day')) === null ? '' : text('day'),
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
    caller: next.caller,
    machine: next.machine,
    hour: next.hour,
    day: next.day,
    of: next.of,
    sort: sort === 'severity' ? '' : sort,
    group: next.grouped ? 'caller-machine' : '',
    page: next.cursor,
  }).filter(([, value]) => value !== '');
  const text = new URLSearchParams(parameters).toString();
  return text ? `/console?${text}` : '/console';
}

/** No filter but the view. */
export const noFilters = {
  text: '',
  severity: '',
  state: '',
  technique: '',
  environment: '',
  caller: '',
  machine: '',
  hour: '',
  day: '',
  of: '',
} as const satisfies Partial<AlertQuery>;

export const isFiltering = (query: AlertQuery): boolean =>
  (Object.keys(noFilters) as (keyof typeof noFilters)[]).some((name) => query[name] !== '');
