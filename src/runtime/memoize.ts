import { LRUCache } from 'lru-cache';

/**
 * Caches answers for a while, and shares a request that is in progress. Failures are not cached.
 * @param ttlMs how long an answer is used
 * @param max how many answers are kept
 */
export function memoize<T>(
  ttlMs: number,
  max: number,
  ask: (key: string) => Promise<T>,
  now: () => number = Date.now,
): (key: string) => Promise<T> {
  const answers = createCache<Promise<T>>(ttlMs, max, now);
  return (key) => cached(answers, key, ask);
}

/** A cache of answers in progress or received. */
export const createCache = <T extends object>(
  ttlMs: number,
  max: number,
  now: () => number = Date.now,
): LRUCache<string, T> =>
  new LRUCache<string, T>({ ...atMost(max), ttl: ttlMs, ttlResolution: 0, perf: { now } });

/** A bound on a cache's entries. With `max`, lru-cache would allocate the space of all of them at once. */
const atMost = (max: number) => ({ maxSize: max, sizeCalculation: () => 1 });

/** The cached answer, else that of `ask`. */
export function cached<T>(
  answers: LRUCache<string, Promise<T>>,
  key: string,
  ask: (key: string) => Promise<T>,
): Promise<T> {
  const known = answers.get(key);
  if (known) return known;
  const answer = ask(key);
  answers.set(key, answer);
  answer.catch(() => {
    if (answers.peek(key) === answer) answers.delete(key);
  });
  return answer;
}

/** Answers with the time at which their request began, for readers that reject older ones. */
export function createTimedCache<T>(ttlMs: number, max: number, now: () => number) {
  const entries = createCache<{ began: number; answer: Promise<T> }>(ttlMs, max, now);
  return {
    /** The answer requested at or after `since` and within `maxAgeMs`. */
    get(key: string, since: number, maxAgeMs = ttlMs): Promise<T> | undefined {
      const known = entries.get(key);
      if (!known || known.began < since) return undefined;
      const ageMs = now() - known.began;
      // After the clock was set back, the time of a request can't be compared.
      return ageMs >= 0 && ageMs <= maxAgeMs ? known.answer : undefined;
    },
    /** Requests an answer now. Failures are not cached. */
    ask(key: string, read: () => Promise<T>): Promise<T> {
      const entry = { began: now(), answer: read() };
      entries.set(key, entry);
      entry.answer.catch(() => {
        if (entries.peek(key) === entry) entries.delete(key);
      });
      return entry.answer;
    },
  };
}

/** Like {@link memoize}, but an answer requested before `since` is not used. */
export function memoizeSince<T>(
  ttlMs: number,
  max: number,
  ask: (key: string) => Promise<T>,
  now: () => number,
): (key: string, since?: number) => Promise<T> {
  const answers = createTimedCache<T>(ttlMs, max, now);
  return (key, since = Number.NEGATIVE_INFINITY) =>
    answers.get(key, Math.min(since, now())) ?? answers.ask(key, () => ask(key));
}
