import type { HubBatch, HubReader } from '../azure/log/event-hub';
import type { ActivityEvent } from '../domain/activity/activity-event';
import type { Log } from '../runtime/log';
import type { EventHubState } from '../store/events/event-hub-state';
import { deepMs } from './poll';
import { countEvents, sortOut, type TakeInDeps, takeIn } from './take-in';

export interface ReadHubDeps extends TakeInDeps {
  /** The subscriptions that were named; null: all that the hub carries. */
  named: readonly string[] | null;
  lookbackMs: number;
}

/** Reads on from each partition's checkpoint, and keeps how that goes; at the very first, as far back as a poll looks. */
export function hubReader(deps: ReadHubDeps & { hub: EventHubState; name: string; log: Log }): HubReader {
  const { hub, name, log, metrics, now } = deps;
  const at = () => new Date(now()).toISOString();
  return {
    checkpoints: hub.checkpoints,
    since: now() - deps.lookbackMs,
    take: async (batch) => {
      await readHub(batch, deps);
      const { partitionId, lagSeconds } = batch;
      metrics.hubLag.set({ partition: partitionId }, lagSeconds ?? 0);
      await hub.putHealth(name, { partitionId, at: at(), error: null });
    },
    onFault: async (partitionId, error) => {
      log.warn({ error, partitionId }, 'reading the event hub failed; it goes on from the last checkpoint');
      await hub
        .putHealth(name, { partitionId, at: at(), error: error.message.slice(0, 500) })
        .catch(() => undefined);
    },
  };
}

/**
 * Takes a batch of an event hub's messages in. What a poll has queued already is left, and polls leave what is queued here:
 * both know an event by the same id.
 */
export async function readHub({ bodies }: HubBatch, deps: ReadHubDeps): Promise<void> {
  const { polls, named, lookbackMs, now } = deps;
  const watched = (event: ActivityEvent) => !named || named.includes(event.subscriptionId);
  const { running, others, unreadable } = sortOut(bodies.flatMap(recordsOf), deps.techniquesOff);
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
  await takeIn(fresh, deps);
  for (const [subscriptionId, events] of bySubscription) {
    await polls.remember(subscriptionId, events, now() - 2 * Math.max(deepMs, lookbackMs));
  }
  countEvents(fresh, deps);
}

/** A message is {"records": […]}; what is not is one record, to be set aside as it stands. */
function recordsOf(body: unknown): unknown[] {
  const records = (body as { records?: unknown } | null)?.records;
  return Array.isArray(records) ? records : [body];
}
