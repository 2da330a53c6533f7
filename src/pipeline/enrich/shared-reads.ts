import { remember } from '../../runtime/cached';
import type { Store } from '../../store/store';

const once = <T>(read: (key: string) => Promise<T>) =>
  remember(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, read);

/** The store as one job sees it: what all its alerts ask of their subscription and their caller is read once. */
export const readingOnce = (store: Store): Store => ({
  ...store,
  polls: { ...store.polls, subscription: once(store.polls.subscription) },
  history: {
    ...store.history,
    of: once(store.history.of),
    filledFrom: once(store.history.filledFrom),
  },
});
