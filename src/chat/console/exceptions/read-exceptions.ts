import type { Exception } from '../../../domain/exceptions/exception';
import { originText } from '../../../domain/exceptions/exception-origin';
import { matchWords } from '../../../domain/exceptions/match-words';
import type { Presser } from '../../../domain/people/person';
import { is } from '../../../domain/resources/resource-id';
import { plainLine } from '../../../domain/text/plain-text';
import { type ExceptionQuery, type ExceptionView, exceptionViews } from './query';

const day = 86_400_000;
/** "Expiring" begins so many days before the end. */
export const expiringDays = 14;
/** Weeks of matches that a row shows. */
export const shownWeeks = 12;
export const exceptionPageSize = 50;

/** An exception with how many alerts it suppressed. */
export interface UsedException {
  exception: Exception;
  uses: { total: number; weeks: number[] };
}

/** What a row of the list shows of an exception. */
export interface ExceptionRow {
  id: string;
  conditions: string;
  /** It also suppresses critical alerts. */
  critical: boolean;
  reason: string;
  ticket: string | null;
  from: { alertId: string; text: string } | null;
  owner: string;
  expires: string;
  state: 'in force' | 'expiring' | 'expired';
  uses: { total: number; weeks: number[] };
}

export interface ExceptionPage {
  rows: ExceptionRow[];
  /** Exceptions in each view. */
  counts: Record<ExceptionView, number>;
  /** The position of the first row, counted from 0, and the number on all pages. */
  from: number;
  total: number;
}

const leftOf = ({ expires }: Exception, now: number) => Date.parse(expires) - now;

export function isInView(
  view: ExceptionView,
  { exception, uses }: UsedException,
  viewer: Presser,
  now: number,
): boolean {
  const left = leftOf(exception, now);
  if (view === 'expiring') return left > 0 && left <= expiringDays * day;
  if (view === 'unused') return left > 0 && uses.total === 0;
  if (view === 'mine') return is(exception.owner, viewer.email ?? viewer.name);
  return true;
}

/** A page of the list for a viewer. What expires next comes first, and what has expired last. Pure. */
export function exceptionPageOf(
  all: readonly UsedException[],
  query: ExceptionQuery,
  viewer: Presser,
  now: number,
): ExceptionPage {
  const fitting = all
    .filter((one) => isInView(query.view, one, viewer, now))
    .sort((a, b) => orderOf(a, now) - orderOf(b, now) || (a.exception.id < b.exception.id ? -1 : 1));
  const from = (query.page - 1) * exceptionPageSize;
  return {
    rows: fitting.slice(from, from + exceptionPageSize).map((one) => exceptionRowOf(one, now)),
    counts: Object.fromEntries(
      exceptionViews.map((view) => [view, all.filter((one) => isInView(view, one, viewer, now)).length]),
    ) as ExceptionPage['counts'],
    from,
    total: fitting.length,
  };
}

function orderOf({ exception }: UsedException, now: number): number {
  const left = leftOf(exception, now);
  return left > 0 ? left : Number.MAX_SAFE_INTEGER / 2 - left;
}

export function exceptionRowOf({ exception, uses }: UsedException, now: number): ExceptionRow {
  const { id, match, silenceCritical = false, reason, owner, expires, ticket, from } = exception;
  const words = matchWords(match);
  const left = leftOf(exception, now);
  return {
    id,
    conditions: `${words.charAt(0).toUpperCase()}${words.slice(1)}`,
    critical: silenceCritical,
    reason: plainLine(reason, 200),
    ticket: ticket && /^https?:\/\//i.test(ticket) ? ticket : null,
    from: from ? { alertId: from.alertId, text: originText(from) } : null,
    owner: plainLine(owner, 100),
    expires,
    state: left <= 0 ? 'expired' : left <= expiringDays * day ? 'expiring' : 'in force',
    uses,
  };
}
