/**
 * Remembers answers for a while and asks once for what many want at the same time. Failures are not remembered.
 * @param ttlMs how long an answer stays good
 * @param max how many answers are kept; the oldest goes first
 */
export function remember<T>(
  ttlMs: number,
  max: number,
  ask: (key: string) => Promise<T>,
  now: () => number = Date.now,
) {
  const answers = new Map<string, { at: number; answer: Promise<T> }>();
  return (key: string): Promise<T> => {
    const known = answers.get(key);
    if (known && now() - known.at < ttlMs) return known.answer;
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
