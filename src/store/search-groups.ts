import type { Redis } from 'ioredis';
import type { AlertQuery } from '../domain/alerts/alert-query';
import type { AlertRow } from '../domain/alerts/alert-row';
import { mostUrgentFirst, type Severity } from '../domain/alerts/severity';
import { keys } from './keys';
import { cursorText, readCursor, type Total } from './search-cursor';
import { type SearchIndex, timeLength } from './search-index';
import { walk } from './search-walk';

/** Alerts of one caller on one machine. */
export interface AlertGroup {
  id: string;
  count: Total;
  /** The worst of the group. */
  severity: Severity;
  /** The first ones. */
  alerts: AlertRow[];
}

export interface GroupPage {
  groups: AlertGroup[];
  next: string | null;
  previous: string | null;
  waiting: number;
}

const shownOfGroup = 10;
/** A group with more alerts is not read as a whole. */
const readOfGroup = 200;
const readAtOnce = 100;
/** Alerts that are read to find the groups of a page. */
const maxRead = 5000;
const countCalls = 10;

/** An alert's place, and what groups are ordered by. */
interface Entry {
  position: string;
  severity: Severity;
  group: string;
}

interface Summary {
  count: Total;
  severity: Severity;
  /** In the order of the list. */
  entries: Entry[];
}

/** A group of a page, and where it is. */
interface Shown {
  id: string;
  part: string;
  leader: string;
  summary: Summary;
}

export function createGroupSearch(redis: Redis, index: SearchIndex) {
  /**
   * Groups in the order of their first alerts: most severe first, or by time.
   * A page has groups until their alerts are `limit`.
   * @param query with a list
   */
  async function searchGroups(
    query: AlertQuery,
    { limit = 50, cursor = null }: { limit?: number; cursor?: string | null } = {},
  ): Promise<GroupPage> {
    const given = readCursor(cursor);
    const from = given && partsOf(query).includes(given.part) ? given : null;
    if (from?.back) {
      const { groups, isOver } = await page(query, limit, { ...from, back: true });
      // Without more before it, it is the first page, which may have newer alerts by now.
      if (!isOver) return answer(groups.reverse(), true, true);
    }
    const start = from && !from.back ? from : null;
    const { groups, isOver } = await page(query, limit, start ?? { part: '', position: null, back: false });
    return answer(groups, !isOver, start !== null);
  }

  async function answer(groups: Shown[], hasNext: boolean, hasPrevious: boolean): Promise<GroupPage> {
    const cursorAt = (one: Shown | undefined, back: boolean) =>
      one ? cursorText({ back, part: one.part, position: one.leader, total: 0 }) : null;
    return {
      groups: await Promise.all(
        groups.map(async ({ id, summary: { count, severity, entries } }) => ({
          ...{ id, count, severity },
          alerts: await rowsOf(entries.slice(0, shownOfGroup)),
        })),
      ),
      next: hasNext ? cursorAt(groups.at(-1), false) : null,
      previous: hasPrevious ? cursorAt(groups[0], true) : null,
      waiting: await index.countChanged(),
    };
  }

  async function rowsOf(entries: readonly Entry[]): Promise<AlertRow[]> {
    const rows = await Promise.all(
      entries.map(({ position }) => redis.hget(keys.alert(position.slice(timeLength)), 'row')),
    );
    return rows.flatMap((row) => (row ? (JSON.parse(row) as AlertRow) : []));
  }

  /** A group is shown where its first alert is. */
  async function page(
    query: AlertQuery,
    limit: number,
    from: { part: string; position: string | null; back: boolean },
  ): Promise<{ groups: Shown[]; isOver: boolean }> {
    const ordered = partsOf(query);
    const all = from.back ? ordered.reverse() : ordered;
    const parts = from.part === '' ? all : all.slice(all.indexOf(from.part));
    const ascending = (query.sort === 'oldest') !== from.back;
    const summaries = new Map<string, Summary>();
    const groups: Shown[] = [];
    let shown = 0;
    let read = 0;
    for (const [i, part] of parts.entries()) {
      let start = i === 0 ? from.position : null;
      do {
        const how = { limit: readAtOnce, start, ascending, read: 'group' as const };
        const found = await walk(redis, index, narrowed(query, part), how);
        const entries = found.rows.map(entryOf);
        const unknown = new Set(entries.map(({ group }) => group).filter((group) => !summaries.has(group)));
        await Promise.all([...unknown].map(async (id) => summaries.set(id, await summaryOf(query, id))));
        for (const { group: id, position } of entries) {
          const summary = summaries.get(id);
          if (!summary || summary.entries[0]?.position !== position) continue;
          const size = Math.min(summary.entries.length, shownOfGroup);
          if (groups.length > 0 && shown + size > limit) return { groups, isOver: false };
          groups.push({ id, part, leader: position, summary });
          shown += size;
        }
        read += entries.length;
        start = found.position;
        if (read >= maxRead && groups.length > 0) return { groups, isOver: false };
      } while (start);
    }
    return { groups, isOver: true };
  }

  async function summaryOf(query: AlertQuery, group: string): Promise<Summary> {
    const own = { ...query, group };
    const ascending = query.sort === 'oldest';
    const readSome = async (of: AlertQuery, limit: number) =>
      walk(redis, index, of, { limit, ascending, read: 'group' });
    const { rows, position } = await readSome(own, readOfGroup);
    const entries = rows.map(entryOf);
    const rank = ({ severity }: Entry) => mostUrgentFirst.indexOf(severity);
    if (position === null) {
      if (query.sort === 'severity') entries.sort((a, b) => rank(a) - rank(b));
      const worst = entries.toSorted((a, b) => rank(a) - rank(b))[0];
      return { count: entries.length, severity: worst?.severity ?? 'low', entries };
    }
    const counted = await walk(redis, index, own, { limit: 0, calls: countCalls });
    const severest: Entry[] = [];
    for (const part of partsOf({ ...query, sort: 'severity' })) {
      const limit = shownOfGroup - severest.length;
      if (limit > 0) severest.push(...(await readSome(narrowed(own, part), limit)).rows.map(entryOf));
    }
    return {
      count: counted.position === null ? counted.count : `at least ${counted.count}`,
      severity: severest[0]?.severity ?? 'low',
      entries: query.sort === 'severity' ? severest : entries,
    };
  }

  return { searchGroups };
}

const partsOf = ({ sort, severities }: AlertQuery): string[] =>
  sort === 'severity'
    ? mostUrgentFirst.filter((one) => !severities?.length || severities.includes(one))
    : ['all'];

const narrowed = (query: AlertQuery, part: string): AlertQuery =>
  part === 'all' ? query : { ...query, severities: [part as Severity] };

/** As {@link find} reads it: position, severity and group. */
function entryOf(text: string): Entry {
  const [position = '', severity, group = ''] = text.split(' ');
  return { position, severity: severity as Severity, group };
}
