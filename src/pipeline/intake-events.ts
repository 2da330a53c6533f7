import type { ActivityEvent, UnreadableRecord } from '../domain/activity/activity-event';
import type { LogShape } from '../domain/activity/log-shape';
import { identityHolderOf } from '../domain/activity/machine-identity';
import { normalize } from '../domain/activity/read-record';
import { callerKeyOf } from '../domain/alerts/alert';
import { alertingOf, type Detections } from '../domain/techniques/detections';
import { isMachine, targetOf } from '../domain/techniques/target';
import { shortDigest } from '../domain/text/short-digest';
import type { Metrics } from '../runtime/metrics';
import type { PollState } from '../store/events/poll-state';
import { identityOwner, type TimelineStore } from '../store/events/timeline-store';
import { batchesOf } from './event-batches';
import type { Queues } from './queues';

export interface IntakeDeps {
  polls: PollState;
  timeline: TimelineStore;
  queues: Pick<Queues, 'events' | 'check' | 'complete'>;
  metrics: Metrics;
  detections: Detections;
  now: () => number;
}

/** Records without duplicates, keyed by event id, or by a digest if unreadable. */
export interface SortedRecords {
  /** Events that are alerted on, those to be confirmed among them. */
  running: Map<string, ActivityEvent>;
  others: Map<string, ActivityEvent>;
  unreadable: Map<string, UnreadableRecord>;
}

export function sortRecords(
  records: Iterable<unknown>,
  detections: Detections,
  shape?: LogShape,
): SortedRecords {
  const sorted: SortedRecords = { running: new Map(), others: new Map(), unreadable: new Map() };
  for (const record of records) {
    const result = normalize(record, shape);
    if ('event' in result) {
      const kind = alertingOf(result.event.operation, detections) === 'never' ? 'others' : 'running';
      sorted[kind].set(result.event.id, result.event);
    } else sorted.unreadable.set(`unreadable-${shortDigest(result.unreadable.excerpt)}`, result.unreadable);
  }
  return sorted;
}

/** Queues events that run code, adds all events to timelines, sets unreadable records aside. Idempotent. */
export async function intakeEvents(
  fresh: { running: ActivityEvent[]; others: ActivityEvent[]; unreadable: UnreadableRecord[] },
  deps: IntakeDeps,
): Promise<void> {
  const isSure = ({ operation }: ActivityEvent) => alertingOf(operation, deps.detections) === 'always';
  const { running } = fresh;
  await enqueue(deps.queues.events, running.filter(isSure));
  await enqueue(
    deps.queues.check,
    running.filter((event) => !isSure(event)),
  );
  await updateTimelines([...fresh.running, ...fresh.others], deps);
  await deps.polls.storeUnreadable(fresh.unreadable);
}

export function countEvents(
  fresh: Record<'running' | 'others' | 'unreadable', { length: number }>,
  { metrics }: Pick<IntakeDeps, 'metrics'>,
): void {
  metrics.events.inc({ kind: 'relevant' }, fresh.running.length);
  metrics.events.inc({ kind: 'other' }, fresh.others.length);
  metrics.events.inc({ kind: 'unreadable' }, fresh.unreadable.length);
}

/** How often the alert of a busy caller is updated, ms. */
const timelineDelayMs = 10_000;

/** Stores events by caller, machine and the holder of the calling identity for some hours, and updates the alerts that follow them. */
async function updateTimelines(
  events: readonly ActivityEvent[],
  { timeline, queues, now }: IntakeDeps,
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
      { delay: timelineDelayMs, deduplication: { id: `${alertId}.timeline`, keepLastIfActive: true } },
    );
  }
}

function ownersOf({ caller, resourceId }: ActivityEvent): string[] {
  const machine = targetOf(resourceId);
  const holder = identityHolderOf(caller);
  const owners = [
    callerKeyOf(caller),
    isMachine(machine) ? machine.id.toLowerCase() : '',
    holder ? identityOwner(holder) : '',
  ];
  return owners.filter(Boolean);
}

async function enqueue(queue: Queues['events'], events: readonly ActivityEvent[]): Promise<void> {
  const jobs = batchesOf(events).map((batch) => {
    const jobId = `events.${shortDigest(...batch.map((event) => event.id).sort())}`;
    return { name: 'events', data: { events: batch }, opts: { jobId } };
  });
  if (jobs.length > 0) await queue.addBulk(jobs);
}
