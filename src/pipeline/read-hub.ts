import type { HubBatch, HubReader } from '../azure/log/event-hub';
import type { ActivityEvent } from '../domain/activity/activity-event';
import type { Log } from '../runtime/log';
import { span } from '../runtime/tracing';
import type { EventHubState } from '../store/events/event-hub-state';
import { countEvents, type IntakeDeps, intakeEvents, sortRecords } from './intake-events';
import { lateLookbackMs } from './poll';

export interface ReadHubDeps extends IntakeDeps {
  /** The configured subscriptions; null for all in the hub. */
  named: readonly string[] | null;
  lookbackMs: number;
}

/**
 * Reads each partition from its checkpoint and records its health.
 * Without a checkpoint it starts as far back as a poll does.
 */
export function hubReader(deps: ReadHubDeps & { hub: EventHubState; name: string; log: Log }): HubReader {
  const { hub, name, log, metrics, now } = deps;
  const at = () => new Date(now()).toISOString();
  return {
    checkpoints: hub.checkpoints,
    since: now() - deps.lookbackMs,
    take: async (batch) => {
      const { partitionId, lagSeconds, bodies } = batch;
      const about = {
        'messaging.destination.partition.id': partitionId,
        'messaging.batch.message_count': bodies.length,
      };
      await span('read hub', about, () => readHub(batch, deps));
      metrics.hubLag.set({ partition: partitionId }, lagSeconds ?? 0);
      await hub.putHealth(name, { partitionId, at: at(), error: null });
    },
    onFault: async (partitionId, error) => {
      log.warn({ error, partitionId }, 'reading the event hub failed; resuming from the last checkpoint');
      await hub
        .putHealth(name, { partitionId, at: at(), error: error.message.slice(0, 500) })
        .catch(() => undefined);
    },
  };
}

/**
 * Processes a batch of event hub messages. Polls and the hub use the same event ids, so each skips
 * what the other has already queued.
 */
export async function readHub({ bodies }: HubBatch, deps: ReadHubDeps): Promise<void> {
  const { polls, named, lookbackMs, now } = deps;
  const watched = (event: ActivityEvent) => !named || named.includes(event.subscriptionId);
  const { running, others, unreadable } = sortRecords(bodies.flatMap(recordsOf), deps.detections);
  const bySubscription = new Map<string, ActivityEvent[]>();
  for (const event of running.values()) {
    if (!watched(event)) continue;
    const theirs = bySubscription.get(event.subscriptionId) ?? [];
    bySubscription.set(event.subscriptionId, [...theirs, event]);
  }
  const fresh = {
    running: [] as ActivityEvent[],
    others: [...others.values()].filter(watched),
    unreadable: [...unreadable.values()],
  };
  for (const [subscriptionId, events] of bySubscription) {
    const ids = events.map(({ id }) => id);
    const unseen = await polls.unseen(subscriptionId, ids, 'running');
    fresh.running.push(...events.filter(({ id }) => unseen.has(id)));
  }
  await intakeEvents(fresh, deps);
  for (const [subscriptionId, events] of bySubscription) {
    await polls.markQueued(subscriptionId, events, now() - 2 * Math.max(lateLookbackMs, lookbackMs));
  }
  countEvents(fresh, deps);
}

/** Messages have the form {"records": […]}. Any other message counts as one unreadable record. */
function recordsOf(body: unknown): unknown[] {
  const records = (body as { records?: unknown } | null)?.records;
  return Array.isArray(records) ? records : [body];
}
