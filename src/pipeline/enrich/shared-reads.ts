import { memoize } from '../../runtime/memoize';
import type { Store } from '../../store/store';

/** A job is shorter, ms. */
const jobMs = 3_600_000;

const once = <T>(read: (key: string) => Promise<T>) => memoize(jobMs, 10_000, read);

/** Store for one job that reads each subscription and caller only once for all alerts. */
export const withSharedReads = (store: Store): Store => ({
  ...store,
  polls: { ...store.polls, subscription: once(store.polls.subscription) },
  history: {
    ...store.history,
    of: once(store.history.of),
    filledFrom: once(store.history.filledFrom),
  },
});
