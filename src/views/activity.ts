import {
  type ActivityCard,
  type ActivityPage,
  activityDays,
  activityOf,
  readPerSearched,
  searchedCallers,
} from '../chat/console/activity/activity';
import type { ActivityQuery } from '../chat/console/activity/query';
import { parseResourceId } from '../domain/resources/resource-id';
import { dayStart } from '../domain/text/weeks';
import type { History } from '../store/events/history';

const keptMs = activityDays * 86_400_000;
/** Callers or machines on one page. */
const pageSize = 6;
/** Executions of each caller that are read: for a page about 20 ms. */
const readPerCaller = 1000;

type Reads = Pick<History, 'callers' | 'newest'>;

/** When callers or machines were active in the last 90 days, the latest first. Excludes denied attempts. */
export async function activity(
  { by, page }: ActivityQuery,
  history: Reads,
  now: number,
): Promise<ActivityPage> {
  const from = (page - 1) * pageSize;
  const found = await (by === 'caller' ? callersFrom : machinesFrom)(from, history, now);
  return {
    by,
    page,
    cards: found.slice(0, pageSize),
    hasMore: found.length > pageSize,
    today: dayStart(now),
  };
}

/** One more than a page shows, if there is one. */
async function callersFrom(from: number, history: Reads, now: number): Promise<ActivityCard[]> {
  const since = now - keptMs;
  const callers = await history.callers(since, pageSize + 1, from);
  return Promise.all(
    callers.map(async ({ key, name }, i) => {
      const past = i < pageSize ? await history.newest(key, since, readPerCaller) : [];
      const times = past.filter(({ refused }) => !refused).map(({ at }) => at);
      return { key, name, place: '', ...activityOf(times, now), isLimited: past.length === readPerCaller };
    }),
  );
}

async function machinesFrom(from: number, history: Reads, now: number): Promise<ActivityCard[]> {
  const since = now - keptMs;
  const callers = await history.callers(since, searchedCallers);
  const past = await Promise.all(callers.map(({ key }) => history.newest(key, since, readPerSearched)));
  const isLimited = past.some(({ length }) => length === readPerSearched);
  const timesOf = new Map<string, number[]>();
  for (const { targetId, at, refused } of past.flat()) {
    if (refused) continue;
    const times = timesOf.get(targetId);
    if (times) times.push(at);
    else timesOf.set(targetId, [at]);
  }
  return [...timesOf]
    .map(([key, times]) => ({ key, times, last: Math.max(...times) }))
    .sort((a, b) => b.last - a.last)
    .slice(from, from + pageSize + 1)
    .map(({ key, times }) => ({ key, ...namesOf(key), ...activityOf(times, now), usual: null, isLimited }));
}

/** A machine's name, and its resource group. Names of scale set instances have several parts. */
function namesOf(id: string): Pick<ActivityCard, 'name' | 'place'> {
  const parsed = parseResourceId(id);
  if (!parsed) return { name: id, place: '' };
  return { name: parsed.chain.map(({ name }) => name).join('/'), place: parsed.resourceGroup };
}
