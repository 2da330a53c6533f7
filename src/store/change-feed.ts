import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Alert } from '../domain/alerts/alert';
import { type Change, type ChangeKind, changeKinds } from '../domain/change';
import { keys } from './keys';
import { compareStreamIds } from './redis/stream-ids';

/** Changes that are kept, approximately. Readers that are further behind are told that they missed some. */
export const keptChanges = 100_000;

/** Lua that appends a change to the feed. All arguments are Lua expressions. */
export const appendChange = (feed: string, kind: string, id: string, rev: string): string =>
  `redis.call('XADD', ${feed}, 'MAXLEN', '~', ${keptChanges}, '*', 'kind', ${kind}, 'id', ${id}, 'rev', ${rev})`;

/** How an alert's change appears in the feed; empty for alerts that are not announced. */
export function alertChangeKind(before: Alert | null, after: Alert): ChangeKind | '' {
  if (!after.announced) return '';
  if (!before?.announced) return 'alert.raised';
  return after.state === 'closed' && before.state !== 'closed' ? 'alert.closed' : 'alert.changed';
}

const fieldsSchema = z.object({
  kind: z.enum(changeKinds),
  id: z.string(),
  rev: z.coerce.number().int().min(0),
});

const start = '0-0';
/** A cursor that nothing was read with for this long is forgotten. */
const cursorSeconds = 400 * 86_400;

/** The changes of alerts, measures, approvals, exceptions and notices, in the order in which they were stored. */
export function createChangeFeed(redis: Redis) {
  /**
   * Changes after a cursor, oldest first.
   * @returns `lost` if changes after the cursor are no longer kept; `next` is the cursor to continue after
   */
  async function after(
    cursor: string,
    limit: number,
  ): Promise<{ changes: Change[]; next: string; lost: boolean }> {
    const [rows, lost] = await Promise.all([
      redis.xrange(keys.feed, `(${cursor}`, '+', 'COUNT', limit),
      isTrimmed(cursor),
    ]);
    const changes = rows.flatMap(([at, fields]) => {
      const read = fieldsSchema.safeParse(pairsOf(fields));
      return read.success ? [{ cursor: at, at: Number(at.split('-')[0]), ...read.data }] : [];
    });
    return { changes, next: rows.at(-1)?.[0] ?? cursor, lost };
  }

  /** Whether changes after the cursor were removed. Only feeds that reached their length were ever trimmed. */
  async function isTrimmed(cursor: string): Promise<boolean> {
    const [kept, oldest] = await Promise.all([
      redis.xlen(keys.feed),
      redis.xrange(keys.feed, '-', '+', 'COUNT', 1),
    ]);
    return kept >= keptChanges && compareStreamIds(cursor, oldest[0]?.[0] ?? start) < 0;
  }

  /** The cursor of the newest change. */
  const newest = async (): Promise<string> =>
    (await redis.xrevrange(keys.feed, '+', '-', 'COUNT', 1))[0]?.[0] ?? start;

  /** Where a reader continues; null if it never read. */
  const cursorOf = (reader: string): Promise<string | null> => redis.get(keys.feedCursor(reader));
  const setCursor = (reader: string, cursor: string) =>
    redis.set(keys.feedCursor(reader), cursor, 'EX', cursorSeconds);

  const forgetCursor = (reader: string) => redis.del(keys.feedCursor(reader));

  return { after, newest, cursorOf, setCursor, forgetCursor };
}
export type ChangeFeed = ReturnType<typeof createChangeFeed>;

function pairsOf(fields: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) pairs[fields[i] as string] = fields[i + 1] as string;
  return pairs;
}
