/** Lets at most `limit` pieces of work run at the same time; the others wait their turn. */
export function atMost(limit: number) {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((done) => waiting.push(done));
    try {
      return await work();
    } finally {
      const following = waiting.shift();
      if (following) following();
      else free++;
    }
  };
}
export type AtMost = ReturnType<typeof atMost>;
