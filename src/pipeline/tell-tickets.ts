import type { Store } from '../store/store';
import type { Queues } from './queues';

const reader = 'tickets';
const batchSize = 100;

/**
 * Queues each changed alert that was escalated, to tell the places. The feed has every change, since it is written
 * with it, and the cursor moves only after queueing: a crash repeats, but skips nothing.
 */
export async function queueChangedTickets({
  store,
  queues,
}: {
  store: Pick<Store, 'feed' | 'alerts'>;
  queues: Pick<Queues, 'tickets'>;
}): Promise<void> {
  let cursor = (await store.feed.cursorOf(reader)) ?? '0-0';
  for (;;) {
    const { changes, next, lost } = await store.feed.after(cursor, batchSize);
    if (lost)
      for await (const page of store.alerts.since(0))
        await queueTickets(
          page.map(({ id }) => id),
          { store, queues },
        );
    const ids = changes.filter(({ kind }) => kind.startsWith('alert.')).map(({ id }) => id);
    await queueTickets([...new Set(ids)], { store, queues });
    if (next === cursor) return;
    await store.feed.setCursor(reader, next);
    cursor = next;
  }
}

/** One more job is kept while one of the same alert waits or runs, since the alert may have changed meanwhile. */
async function queueTickets(
  ids: readonly string[],
  { store, queues }: { store: Pick<Store, 'alerts'>; queues: Pick<Queues, 'tickets'> },
): Promise<void> {
  const alerts = await store.alerts.getMany(ids);
  const jobs = alerts
    .filter((alert) => alert?.triage.escalation?.places.some(({ ticket }) => ticket !== undefined))
    .map((alert) => {
      const alertId = alert?.id ?? '';
      const opts = { deduplication: { id: alertId, keepLastIfActive: true } };
      return { name: 'tell', data: { alertId }, opts };
    });
  if (jobs.length > 0) await queues.tickets.addBulk(jobs);
}
