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
): LRUCache<string, T> => new LRUCache<string, T>({ max, ttl: ttlMs, ttlResolution: 0, perf: { now } });

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
