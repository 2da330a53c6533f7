import type { Redis } from 'ioredis';
import type { AlertQuery, SearchPart } from '../domain/alerts/alert-query';
import type { AlertRow } from '../domain/alerts/alert-row';
import { mostUrgentFirst, severities } from '../domain/alerts/severity';
import { type Cursor, cursorText, readCursor, type Total } from './search-cursor';
import { positionOf, type SearchIndex } from './search-index';
import { walk } from './search-walk';

export interface AlertPage {
  /** May be fewer than the limit although `next` is not null. */
  alerts: AlertRow[];
  /** Where the next page begins; null if this is the last. */
  next: string | null;
  /** The cursor of the page before; null if this is the first. */
  previous: string | null;
  total: Total;
  /** Alerts that changed and are not indexed yet, as in a flood. They are found as they were before. */
  waiting: number;
}

export interface PageOptions {
  limit?: number;
  /** `next` or `previous` of another page; an invalid one is the first page. */
  cursor?: string | null;
  /** In the order of the list. */
  parts?: readonly SearchPart[] | undefined;
  /** If it is known. */
  total?: number | undefined;
}

const countCalls = 2;
const maxLimit = 500;

type Place = Pick<Cursor, 'part' | 'position'>;

interface Gathered {
  rows: { part: string; row: AlertRow }[];
  /** Where it stopped; null if nothing is left. */
  rest: Place | null;
}

export function createAlertSearch(redis: Redis, index: SearchIndex) {
  async function totalOf(query: AlertQuery): Promise<Total> {
    const { count, position } = await walk(redis, index, query, { limit: 0, calls: countCalls });
    return position === null ? count : `at least ${count}`;
  }

  /** @param start position in the first part */
  async function gather(
    query: AlertQuery,
    parts: readonly SearchPart[],
    { limit, start, ascending }: { limit: number; start: string | null; ascending: boolean },
  ): Promise<Gathered> {
    const rows: Gathered['rows'] = [];
    for (const [i, { key, query: narrower, isEmpty }] of parts.entries()) {
      if (isEmpty) continue;
      const how = { limit: limit - rows.length, start: i === 0 ? start : null, ascending };
      const found = await walk(redis, index, { ...query, ...narrower }, how);
      rows.push(...found.rows.map((row) => ({ part: key, row: JSON.parse(row) as AlertRow })));
      if (found.position) return { rows, rest: { part: key, position: found.position } };
      const next = parts.slice(i + 1).find((part) => !part.isEmpty);
      if (rows.length >= limit) return { rows, rest: next ? { part: next.key, position: null } : null };
    }
    return { rows, rest: null };
  }

  /** Searches all kept alerts that are judged. */
  async function search(query: AlertQuery, options: PageOptions = {}): Promise<AlertPage> {
    const { cursor = null, parts = partsOf(query) } = options;
    const limit = Math.min(Math.max(Math.trunc(options.limit ?? 50), 1), maxLimit);
    await index.refresh();
    const given = readCursor(cursor);
    const at = parts.findIndex(({ key }) => key === given?.part);
    const from = at === -1 ? null : given;
    const total = options.total ?? from?.total ?? (await totalOf(query));
    const ascending = query.sort === 'oldest';
    const pageOf = async (rows: Gathered['rows'], next: Place | null, previous: Place | null) => ({
      alerts: rows.map(({ row }) => row),
      next: next && cursorText({ ...next, back: false, total }),
      previous: previous && cursorText({ ...previous, back: true, total }),
      total,
      waiting: await index.countChanged(),
    });
    if (from?.back) {
      const before = parts.slice(0, at + 1).reverse();
      const found = await gather(query, before, { limit, start: from.position, ascending: !ascending });
      const rows = found.rows.reverse();
      // With fewer rows than a page has, it is the first page, which may have newer alerts by now.
      if (found.rest || rows.length === limit)
        return pageOf(rows, placeOf(rows.at(-1)) ?? from, found.rest && (placeOf(rows[0]) ?? found.rest));
    }
    const start = from && !from.back ? from : null;
    const how = { limit, start: start?.position ?? null, ascending };
    const found = await gather(query, start ? parts.slice(at) : parts, how);
    return pageOf(found.rows, found.rest, start && (placeOf(found.rows[0]) ?? start));
  }

  /**
   * How many alerts match, as `search` would say. With one condition and a range of time it is exact, and no alert is
   * examined. Alerts that wait to be indexed are counted as they were before.
   */
  const countFound = async (query: AlertQuery): Promise<number> =>
    (await walk(redis, index, query, { limit: 0, calls: countCalls })).count;

  return { search, countFound };
}

const placeOf = (one: Gathered['rows'][number] | undefined): Place | null =>
  one ? { part: one.part, position: positionOf(Date.parse(one.row.raisedAt), one.row.id) } : null;

function partsOf({ sort, severities: given }: AlertQuery): SearchPart[] {
  if (sort !== 'severity') return [{ key: '', query: {} }];
  const wanted = given?.length ? given : severities;
  return mostUrgentFirst
    .filter((one) => wanted.includes(one))
    .map((one) => ({ key: one, query: { severities: [one] } }));
}
