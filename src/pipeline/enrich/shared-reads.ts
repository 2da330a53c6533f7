import type { Store } from '../../store/store';

/** Reads each key once. A failure is not kept. Bounded by the keys of one job. */
function once<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (key) => {
    const known = answers.get(key);
    if (known) return known;
    const answer = read(key);
    answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    return answer;
  };
}

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
