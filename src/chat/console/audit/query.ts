import type { AuditDraft } from '../../../domain/audit/audit-chain';

export const results = [
  'done',
  'started',
  'asked',
  'refused',
  'failed',
] as const satisfies readonly AuditDraft['result'][];
export type Result = (typeof results)[number];

/** What the page shows. An empty filter matches any entry. */
export interface AuditQuery {
  /** Part of a name, an email address or an id. */
  person: string;
  /** An action's id; it stands for every id with the same name. */
  action: string;
  result: Result | '';
  alert: string;
  /** "2026-11-26T08:00" in UTC, without seconds. */
  from: string;
  to: string;
  /** Stream id of the last entry seen. Empty for the newest. */
  cursor: string;
}

const minutePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;

/** Reads a query string. What can't be understood counts as not given. */
export function auditQueryOf(given: Record<string, unknown>): AuditQuery {
  const text = (name: string, max = 200) =>
    Object.hasOwn(given, name) && typeof given[name] === 'string'
      ? (given[name] as string).slice(0, max).trim()
      : '';
  const matching = (name: string, pattern: RegExp) => (pattern.test(text(name)) ? text(name) : '');
  const time = (name: string) => {
    const minute = text(name).slice(0, 16);
    return minutePattern.test(minute) && !Number.isNaN(Date.parse(`${minute}Z`)) ? minute : '';
  };
  return {
    person: text('person'),
    action: text('action', 100),
    result: results.find((one) => one === text('result')) ?? '',
    alert: text('alert', 100),
    from: time('from'),
    to: time('to'),
    cursor: matching('before', /^\d{1,15}-\d{1,12}$/),
  };
}

/** The address of the page with some of its settings changed. It starts with the newest entry again. */
export function auditHrefOf(query: AuditQuery, change: Partial<AuditQuery> = {}, page = ''): string {
  const { cursor, ...filters } = { ...query, cursor: '', ...change };
  const parameters = Object.entries({ ...filters, before: cursor }).filter(([, value]) => value !== '');
  const text = new URLSearchParams(parameters).toString();
  return `/console/audit${page}${text && '?'}${text}`;
}

export const isFiltering = ({ person, action, result, alert, from, to }: AuditQuery): boolean =>
  [person, action, result, alert, from, to].some(Boolean);
