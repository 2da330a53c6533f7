import type { Store } from '../store/store';
import type { Queues } from './queues';

/** Queues every pending delivery again, in case a crash came between storing and queueing. */
export async function sweep({
  store,
  queues,
  now,
}: {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  now: () => number;
}): Promise<void> {
  for (const surface of store.surfaces) {
    const ids = await store.deliveries.undeliveredIds(surface, now());
    await queues.deliverAll([surface], ids);
  }
}
