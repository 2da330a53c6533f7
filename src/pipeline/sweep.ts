import type { Store } from '../store/store';
import type { Queues } from './queues';

export interface SweepDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  now: () => number;
}

/** Pending deliveries that one run queues again. */
const perRun = 500;

/**
 * Returns a job that queues pending deliveries again, in case a crash came between storing and queueing. Each run
 * takes the next ones, so that many that can't be delivered don't hide the others.
 */
export function createSweep({ store, queues, now }: SweepDeps): () => Promise<void> {
  const starts = new Map<string, number>();
  return async () => {
    for (const surface of store.surfaces) {
      const start = starts.get(surface) ?? 0;
      const { ids, next } = await store.deliveries.undeliveredIds(surface, now(), { start, limit: perRun });
      starts.set(surface, next);
      await queues.deliverAll([surface], ids);
    }
  };
}
