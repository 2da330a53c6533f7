import type { Store } from '../store/store';

/** Changed alerts that one run indexes, so that a flood is indexed while it lasts but does not wait for it. */
const perRun = 2000;
const lockMs = 10_000;

/** Adds changed alerts to the search, and removes expired ones once a day. One process at a time. */
export async function indexAlerts({
  store,
  now,
}: {
  store: Pick<Store, 'alerts' | 'deliveries'>;
  now: () => number;
}): Promise<void> {
  await store.deliveries.withLock('index-alerts', lockMs, async () => {
    await store.alerts.indexChanged(perRun);
    await store.alerts.sweepDaily(now());
  });
}
