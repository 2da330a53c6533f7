import type { Store } from '../store/store';
import type { Queues } from './queues';

/** Asks again for every delivery that is still owed: what a crash left between storing and queueing. */
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
    const ids = await store.deliveries.owed(surface, now());
    await queues.deliverAll([surface], ids);
  }
}
