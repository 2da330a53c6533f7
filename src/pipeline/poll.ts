import type { ActivityEvent } from '../alerts/activity-event';
import { techniqueProviders } from '../alerts/techniques';
import type { LogPage, LogWindow } from '../azure/activity-log';
import { countEvents, sortOut, type TakeInDeps, takeIn } from './take-in';

export interface PollDeps extends TakeInDeps {
  readLog: (window: LogWindow, provider?: string) => AsyncIterable<LogPage>;
  lookbackMs: number;
}

/** Azure keeps 90 days; a minute less, so that the request is not late. */
const keptMs = 90 * 86_400_000 - 60_000;
/** Once every overlap's length a poll looks back this far, for the few events that reach the log hours late. */
export const deepMs = 3 * 3_600_000;

/**
 * Reads what is new in a subscription's log, from the watermark less the overlap, and queues it. The watermark and
 * the seen ids move only after that, so that a crash reads again and loses nothing; what is queued twice is one job.
 */
export async function poll(subscriptionId: string, deps: PollDeps): Promise<void> {
  const { polls, lookbackMs, now } = deps;
  const to = now();
  const { begin, from } = await windowOf(subscriptionId, to, deps);
  const window = { subscriptionId, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const records = await readWindow(deps, window);
  const { running, others, unreadable } = sortOut(records, deps.techniquesOff, 'rest');
  const recent = [...others.values()].filter((event) => Date.parse(event.time) >= begin);
  const unseenRunning = await polls.unseen(subscriptionId, [...running.keys()], 'running');
  const unseen = await polls.unseen(subscriptionId, [...recent.map(({ id }) => id), ...unreadable.keys()]);
  const fresh = {
    running: [...running.values()].filter(({ id }) => unseenRunning.has(id)),
    others: recent.filter(({ id }) => unseen.has(id)),
    unreadable: [...unreadable].flatMap(([id, record]) => (unseen.has(id) ? [record] : [])),
  };
  await takeIn(fresh, deps);
  const seen = timesOf(fresh.others);
  for (const id of unreadable.keys()) if (unseen.has(id)) seen.set(id, to);
  await polls.commit(subscriptionId, window.to, {
    all: { ids: seen, forget: begin - lookbackMs },
    running: { ids: timesOf(fresh.running), forget: Math.min(begin, to - deepMs) - lookbackMs },
  });
  countEvents(fresh, deps);
}

const timesOf = (events: readonly ActivityEvent[]) =>
  new Map(events.map((event) => [event.id, Date.parse(event.time)] as const));

/**
 * From when on a poll reads: `begin` is the watermark less the overlap, `from` is further back when it is time to look for
 * late events, never before the subscription was watched at all. A clock that was set back does not move either ahead.
 */
async function windowOf(
  subscriptionId: string,
  to: number,
  { polls, lookbackMs }: PollDeps,
): Promise<{ begin: number; from: number }> {
  const watermark = await polls.watermark(subscriptionId);
  const last = watermark ? Math.min(Date.parse(watermark), to) : to;
  const begin = Math.max(last - lookbackMs, to - keptMs);
  if (Math.floor(to / lookbackMs) === Math.floor(last / lookbackMs)) return { begin, from: begin };
  const since = (await polls.watchedSince(subscriptionId)) ?? to;
  return { begin, from: Math.min(begin, Math.max(to - deepMs, since - lookbackMs)) };
}

/**
 * One request where one page holds all. Where it doesn't, the rest of the subscription's traffic is left unread:
 * the providers that can run code are asked for one by one, since the filter takes one.
 */
export async function readWindow(
  { readLog }: Pick<PollDeps, 'readLog'>,
  window: LogWindow,
): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const page of readLog(window)) {
    records.push(...page.records);
    if (!page.more) return records;
    break;
  }
  for (const provider of techniqueProviders) {
    for await (const page of readLog(window, provider)) records.push(...page.records);
  }
  return records;
}
