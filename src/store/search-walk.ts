import type { Redis } from 'ioredis';
import { type AlertQuery, conditionsOf } from '../domain/alerts/alert-query';
import { severityTerm } from '../domain/alerts/search-terms';
import { severities } from '../domain/alerts/severity';
import { keys } from './keys';
import { monthOf, positionOf, type SearchIndex, timeLength, timeOf } from './search-index';
import { find, type Search } from './search-script';

/** Alerts that one call of the script examines at most: about 2 ms of Redis. */
const examinedPerCall = 1000;
/** Calls for one page. Together they examine 100,000 alerts. */
const maxCalls = 100;
/** The latest time that a position can have, ms. */
const maxTime = 36 ** 8 - 1;

export interface Walk {
  /** 0 counts only. */
  limit: number;
  /** Begins after this position. */
  start?: string | null;
  /** Oldest first. */
  ascending?: boolean;
  calls?: number;
  read?: Search['read'];
}

export interface Found {
  /** What was read of each match. */
  rows: string[];
  count: number;
  /** The last examined alert; null if all were examined. */
  position: string | null;
}

/** Finds matches in the order of time until there are `limit`, all are found, or the calls are used up. */
export async function walk(redis: Redis, index: SearchIndex, query: AlertQuery, how: Walk): Promise<Found> {
  const { limit, start = null, ascending = false, calls = maxCalls, read = 'row' } = how;
  const conditions = conditionsOf(query);
  const after = finite(query.after) ?? 0;
  const end = finite(query.before);
  const all = await index.months(after, end);
  const found: Found = { rows: [], count: 0, position: start };
  for (let i = 0; i < calls; i++) {
    const { position } = found;
    const low = (ascending && position) || positionOf(after);
    const high = (!ascending && position) || (end === undefined ? '~' : positionOf(end));
    const first = monthOf(timeOf(low));
    const last = high === '~' ? '~' : monthBefore(high);
    const some = all.filter((month) => month >= first && month <= last);
    if (!ascending) some.reverse();
    const search: Search = {
      ...{ conditions, all: severities.map(severityTerm), low, high, ascending, read },
      ...{ limit: limit === 0 ? 0 : limit - found.count, most: examinedPerCall },
    };
    const boundaries = some.map((month) => positionOf(startOf(month, ascending ? 1 : 0)));
    const answer = await find(redis, some.map(keys.searchMonth), [JSON.stringify(search), ...boundaries]);
    const [rows, count, reached] = answer as [string[], number, string];
    found.rows.push(...rows);
    found.count += count;
    found.position = reached || null;
    if (!reached || (limit > 0 && found.count >= limit)) break;
  }
  return found;
}

function startOf(month: string, monthsLater: number): number {
  const date = new Date(`${month}-01T00:00:00.000Z`);
  return date.setUTCMonth(date.getUTCMonth() + monthsLater);
}

/** The month of the alerts before a position. The beginning of a month has no id. */
const monthBefore = (position: string) =>
  monthOf(timeOf(position) - (position.length === timeLength ? 1 : 0));

const finite = (at: number | undefined): number | undefined =>
  at !== undefined && Number.isFinite(at) ? Math.min(Math.max(Math.trunc(at), 0), maxTime) : undefined;
