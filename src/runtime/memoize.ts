/**
 * Caches results by key. Concurrent calls with the same key share one request. Failures are not cached.
 * @param ttlMs how long a result is valid
 * @param max cache size; the oldest entry is evicted first
 */
export function memoize<T>(
  ttlMs: number,
  max: number,
  ask: (key: string) => Promise<T>,
  now: () => number = Date.now,
) {
  const answers = new Map<string, { at: number; answer: Promise<T> }>();
  return (key: string): Promise<T> => {
    const cached = answers.get(key);
    if (cached && now() - cached.at < ttlMs) return cached.answer;
    const answer = ask(key);
    answers.delete(key);
    answers.set(key, { at: now(), answer });
    answer.catch(() => {
      if (answers.get(key)?.answer === answer) answers.delete(key);
    });
    const oldest = answers.keys().next().value;
    if (answers.size > max && oldest !== undefined) answers.delete(oldest);
    return answer;
  };
}
