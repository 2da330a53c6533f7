import type { Redis } from 'ioredis';

/** Fields of a large hash, some at a time. Fields that are added or removed meanwhile may be left out. */
export async function* hashPages(redis: Redis, key: string): AsyncGenerator<Map<string, string>> {
  for (let cursor = '0'; ; ) {
    const [next, rows] = await redis.hscan(key, cursor, 'COUNT', 500);
    const page = new Map<string, string>();
    for (let i = 0; i + 1 < rows.length; i += 2) page.set(rows[i] as string, rows[i + 1] as string);
    if (page.size > 0) yield page;
    if (next === '0') return;
    cursor = next;
  }
}
