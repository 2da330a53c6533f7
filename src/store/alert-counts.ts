import type { Redis } from 'ioredis';
import { type AlertQuery, conditionsOf } from '../domain/alerts/alert-query';
import { type FacetCount, readFacets } from '../domain/alerts/facets';
import type { Timing } from '../domain/alerts/timing';
import { keys } from './keys';
import { script } from './redis/lua-script';
import type { SearchIndex } from './search-index';
import { walk } from './search-walk';

/** Calls of the search that count the matches of a text: 2,000 alerts. */
const countCalls = 2;

const readTimes = script(`
local times = {}
for i, id in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  times[i] = redis.call('HGET', '${keys.alert('')}' .. id, 'times') or ''
end
return times`);

function entriesOf(text: string, count: number): FacetCount[] {
  const facets = readFacets(text);
  return facets ? [{ facets, count }] : [];
}

export function createAlertCounts(redis: Redis, index: SearchIndex) {
  /** How many of all indexed alerts have the same facets. */
  async function countAll(): Promise<FacetCount[]> {
    const counts = await redis.hgetall(keys.alertCounts);
    return Object.entries(counts).flatMap(([text, count]) => entriesOf(text, Number(count)));
  }

  /** The same of the alerts that a query finds. Not exact if it has to examine thousands. */
  async function countMatches(query: AlertQuery): Promise<{ counts: FacetCount[]; isExact: boolean }> {
    await index.refresh();
    const isAll = conditionsOf(query).length === 0 && query.after === undefined && query.before === undefined;
    if (isAll) return { counts: await countAll(), isExact: true };
    const { rows, position } = await walk(redis, index, query, {
      limit: 0,
      calls: countCalls,
      read: 'facets',
    });
    const counts = new Map<string, number>();
    for (let i = 0; i + 1 < rows.length; i += 2) {
      const text = rows[i] ?? '';
      if (text) counts.set(text, (counts.get(text) ?? 0) + Number(rows[i + 1]));
    }
    return {
      counts: [...counts].flatMap(([text, count]) => entriesOf(text, count)),
      isExact: position === null,
    };
  }

  /** Of the newest alerts that were announced, ms. @param after raised at or after, ms */
  async function timings(
    after: number,
    limit: number,
  ): Promise<{ timings: Pick<Timing, 'acknowledge' | 'close'>[]; isLimited: boolean }> {
    const all = (await readTimes(redis, [keys.alerts], [after, limit])) as string[];
    const read = (text: string | undefined) => (text ? Number(text) : null);
    return {
      timings: all.filter(Boolean).map((text) => {
        const [acknowledge, close] = text.split(',');
        return { acknowledge: read(acknowledge), close: read(close) };
      }),
      isLimited: all.length === limit,
    };
  }

  return { countAll, countMatches, timings };
}
