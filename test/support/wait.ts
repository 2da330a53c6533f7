import { isNativeError } from 'node:util/types';

/** Waits for a condition, never for a fixed time. The error at the timeout includes the last value. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  seconds = 20,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const seen = await check();
      if (seen) return seen as NonNullable<T>;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(
        `Waited ${seconds} s for ${what}; last: ${isNativeError(last) ? last.message : JSON.stringify(last)}`,
      );
    await new Promise((done) => setImmediate(done));
    await new Promise((done) => setTimeout(done, 10));
  }
}
