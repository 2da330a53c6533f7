import { memoize } from '../../runtime/memoize';
import type { Store } from '../../store/store';

const once = <T>(read: (key: string) => Promise<T>) =>
  memoize(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, read);

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
