import type { ActivityEvent, UnreadableRecord } from '../domain/activity/activity-event';
import type { LogShape } from '../domain/activity/log-shape';
import { normalize } from '../domain/activity/read-record';
import { callerKeyOf } from '../domain/alerts/alert';
import { isMachine, machineOf } from '../domain/resources/resource-id';
import { detectTechnique } from '../domain/techniques/catalogue';
import { shortDigest } from '../domain/text/short-digest';
import type { Metrics } from '../runtime/metrics';
import type { PollState } from '../store/events/poll-state';
import type { TimelineStore } from '../store/events/timeline-store';
import type { Queues } from './queues';

export interface TakeInDeps {
  polls: PollState;
  timeline: TimelineStore;
  queues: Pick<Queues, 'events' | 'complete'>;
  metrics: Metrics;
  techniquesOff: ReadonlySet<string>;
  now: () => number;
}

/** What records hold, once each: by the event's id, or by a digest of what can't be read. */
export interface Sorted {
  /** Events that run code. */
  running: Map<string, ActivityEvent>;
  others: Map<string, ActivityEvent>;
  unreadable: Map<string, UnreadableRecord>;
}

export function sortOut(
  records: Iterable<unknown>,
  techniquesOff: ReadonlySet<string>,
  shape?: LogShape,
): Sorted {
  const sorted: Sorted = { running: new Map(), others: new Map(), unreadable: new Map() };
  for (const record of records) {
    const result = normalize(record, shape);
    if ('event' in result) {
      const kind = runsCode(result.event, techniquesOff) ? 'running' : 'others';
      sorted[kind].set(result.event.id, result.event);
    } else sorted.unreadable.set(`unreadable-${shortDigest(result.unreadable.excerpt)}`, result.unreadable);
  }
  return sorted;
}

/** Queues what runs code, tells timelines of all of it, sets aside what can't be read. Safe to repeat. */
export async function takeIn(
  fresh: { running: ActivityEvent[]; others: ActivityEvent[]; unreadable: UnreadableRecord[] },
  deps: TakeInDeps,
): Promise<void> {
  await enqueue(deps.queues, fresh.running);
  await tellTimelines([...fresh.running, ...fresh.others], deps);
  await deps.polls.setAside(fresh.unreadable);
}

export function countEvents(
  fresh: Record<'running' | 'others' | 'unreadable', { length: number }>,
  { metrics }: Pick<TakeInDeps, 'metrics'>,
): void {
  metrics.events.inc({ kind: 'relevant' }, fresh.running.length);
  metrics.events.inc({ kind: 'other' }, fresh.others.length);
  metrics.events.inc({ kind: 'unreadable' }, fresh.unreadable.length);
}

/** A busy caller's alert is brought up to date this often, ms. */
const followMs = 10_000;

/** What callers do, and what is done to machines: kept for hours, and alerts that follow them are brought up to date. */
async function tellTimelines(
  events: readonly ActivityEvent[],
  { timeline, queues, now }: TakeInDeps,
): Promise<void> {
  const byOwner = new Map<string, ActivityEvent[]>();
  for (const event of events) {
    if (event.status === 'started' || event.status === 'accepted') continue;
    for (const owner of ownersOf(event)) byOwner.set(owner, [...(byOwner.get(owner) ?? []), event]);
  }
  const following = await Promise.all(
    [...byOwner].map(([owner, theirs]) => timeline.note(owner, theirs, now())),
  );
  for (const alertId of new Set(following.flat())) {
    await queues.complete.add(
      'complete',
      { alertId, part: 'timeline' },
      { delay: followMs, deduplication: { id: `${alertId}.timeline`, keepLastIfActive: true } },
    );
  }
}

function ownersOf({ caller, resourceId }: ActivityEvent): string[] {
  const machine = machineOf(resourceId);
  const owners = [callerKeyOf(caller), isMachine(machine) ? machine.id.toLowerCase() : ''];
  return owners.filter(Boolean);
}

function runsCode(event: ActivityEvent, off: ReadonlySet<string>): boolean {
  const detected = detectTechnique(event.operation);
  return detected !== null && !off.has(detected.technique.id);
}

/** Events a job: large enough that a burst is seen as one, small enough for Redis. */
const batchSize = 1000;

async function enqueue(queues: TakeInDeps['queues'], events: ActivityEvent[]): Promise<void> {
  const jobs = [];
  for (let i = 0; i < events.length; i += batchSize) {
    const batch = events.slice(i, i + batchSize);
    const jobId = `events.${shortDigest(...batch.map((event) => event.id).sort())}`;
    jobs.push({ name: 'events', data: { events: batch }, opts: { jobId } });
  }
  if (jobs.length > 0) await queues.events.addBulk(jobs);
}
