import type { ActivityEvent, UnreadableRecord } from '../alerts/activity-event';
import { callerKeyOf } from '../alerts/alert';
import { shortDigest } from '../alerts/digest';
import { machineOf } from '../alerts/resource-id';
import { detectTechnique, techniqueProviders } from '../alerts/techniques';
import type { LogPage, LogWindow } from '../azure/activity-log';
import type { Metrics } from '../metrics';
import type { PollState } from '../store/poll-state';
import type { TimelineStore } from '../store/timeline-store';
import { normalize } from './normalize';
import type { Queues } from './queues';

export interface PollDeps {
  readLog: (window: LogWindow, provider?: string) => AsyncIterable<LogPage>;
  polls: PollState;
  timeline: TimelineStore;
  queues: Pick<Queues, 'events' | 'complete'>;
  metrics: Metrics;
  lookbackMs: number;
  techniquesOff: ReadonlySet<string>;
  now: () => number;
}

/** Azure keeps 90 days; a minute less, so that the request is not late. */
const keptMs = 90 * 86_400_000 - 60_000;
/** Events a job: large enough that a burst is seen as one, small enough for Redis. */
const batchSize = 1000;

/** Once every overlap's length a poll looks back this far, for the few events that reach the log hours late. */
const deepMs = 3 * 3_600_000;

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
  const { events, unreadable } = sortOut(records);
  const running = (event: ActivityEvent) => runsCode(event, deps.techniquesOff);
  const recent = [...events.values()].filter((event) => Date.parse(event.time) >= begin);
  const late = [...events.values()].filter((event) => Date.parse(event.time) < begin && running(event));
  const fresh = await polls.unseen(subscriptionId, [...recent.map(({ id }) => id), ...unreadable.keys()]);
  const freshLate = await polls.unseen(
    subscriptionId,
    late.map(({ id }) => id),
    'running',
  );
  const freshEvents = [...recent, ...late].filter(({ id }) => fresh.has(id) || freshLate.has(id));
  const relevant = freshEvents.filter(running);
  await enqueue(deps.queues, subscriptionId, relevant);
  await tellTimelines(freshEvents, deps);
  await polls.setAside([...unreadable].filter(([id]) => fresh.has(id)).map(([, record]) => record));
  const timesOf = (some: readonly ActivityEvent[]) =>
    new Map(some.map((event) => [event.id, Date.parse(event.time)] as const));
  const seen = timesOf(freshEvents.filter(({ id }) => fresh.has(id)));
  for (const id of unreadable.keys()) if (fresh.has(id)) seen.set(id, to);
  await polls.commit(subscriptionId, window.to, {
    all: { ids: seen, forget: begin - lookbackMs },
    running: { ids: timesOf(relevant), forget: Math.min(begin, to - deepMs) - lookbackMs },
  });
  deps.metrics.events.inc({ kind: 'relevant' }, relevant.length);
  deps.metrics.events.inc({ kind: 'other' }, freshEvents.length - relevant.length);
  deps.metrics.events.inc(
    { kind: 'unreadable' },
    [...unreadable.keys()].filter((id) => fresh.has(id)).length,
  );
}

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

/** What else callers and others do: kept for a day, and alerts that follow them are brought up to date. */
async function tellTimelines(
  events: readonly ActivityEvent[],
  { timeline, queues, now }: PollDeps,
): Promise<void> {
  const byOwner = new Map<string, ActivityEvent[]>();
  for (const event of events) {
    for (const owner of [callerKeyOf(event.caller), machineOf(event.resourceId).id.toLowerCase()]) {
      if (owner) byOwner.set(owner, [...(byOwner.get(owner) ?? []), event]);
    }
  }
  const following = await Promise.all(
    [...byOwner].map(async ([owner, theirs]) => {
      const { alertIds, until } = await timeline.followers(owner, now());
      await timeline.note(owner, theirs, until);
      return alertIds;
    }),
  );
  for (const alertId of new Set(following.flat())) {
    await queues.complete.add(
      'complete',
      { alertId },
      { deduplication: { id: alertId, keepLastIfActive: true } },
    );
  }
}

function sortOut(records: readonly unknown[]) {
  const events = new Map<string, ActivityEvent>();
  const unreadable = new Map<string, UnreadableRecord>();
  for (const record of records) {
    const result = normalize(record, 'rest');
    if ('event' in result) events.set(result.event.id, result.event);
    else unreadable.set(`unreadable-${shortDigest(result.unreadable.excerpt)}`, result.unreadable);
  }
  return { events, unreadable };
}

function runsCode(event: ActivityEvent, off: ReadonlySet<string>): boolean {
  const detected = detectTechnique(event.operation);
  return detected !== null && !off.has(detected.technique.id);
}

async function enqueue(
  queues: PollDeps['queues'],
  subscriptionId: string,
  events: ActivityEvent[],
): Promise<void> {
  const jobs = [];
  for (let i = 0; i < events.length; i += batchSize) {
    const batch = events.slice(i, i + batchSize);
    const jobId = `events.${shortDigest(...batch.map((event) => event.id).sort())}`;
    jobs.push({ name: 'events', data: { subscriptionId, events: batch }, opts: { jobId } });
  }
  if (jobs.length > 0) await queues.events.addBulk(jobs);
}
