import type { Redis } from 'ioredis';
import { callerKeyOf } from '../../domain/alerts/alert';
import type { Execution } from '../../domain/techniques/execution';
import { keys } from '../keys';

/** One execution as history remembers it. */
export interface Past {
  at: number;
  executionKey: string;
  targetId: string;
  ip: string | null;
  refused: boolean;
}

const keptMs = 90 * 86_400_000;
/** What of a past lies in the 90 days before a moment. */
export const daysBefore = (past: readonly Past[], at: number): Past[] =>
  past.filter((entry) => entry.at >= at - keptMs && entry.at < at);

/** A caller with more than this in 90 days is a machine; the newest say enough. */
const keptEntries = 5000;

/** Who ran commands where and when, for 90 days: by caller and by script. */
export function createHistory(redis: Redis) {
  const memberOf = (e: Execution) =>
    [e.key, e.target.id.toLowerCase(), e.caller.ip ?? '', e.refused ? '1' : '0'].join('|');

  /** Remembers executions, each under its caller; the same one twice counts once. */
  async function note(executions: readonly Execution[], now: number): Promise<void> {
    const byCaller = new Map<string, Execution[]>();
    for (const execution of executions) {
      const key = callerKeyOf(execution.caller);
      byCaller.set(key, [...(byCaller.get(key) ?? []), execution]);
    }
    await Promise.all([...byCaller].map(([callerKey, theirs]) => noteOf(callerKey, theirs, now)));
  }

  async function noteOf(callerKey: string, executions: readonly Execution[], now: number): Promise<void> {
    const key = keys.history(callerKey);
    const pairs = executions.flatMap((e) => [Date.parse(e.startedAt), memberOf(e)]) as [number, string];
    const newest = Math.max(...executions.map((e) => Date.parse(e.startedAt)));
    const name = executions[0]?.caller.name ?? callerKey;
    await redis
      .multi()
      .zadd(keys.historyCallers, 'GT', newest, callerKey)
      .hset(keys.historyNames, callerKey, name)
      .zadd(key, ...pairs)
      .zremrangebyscore(key, '-inf', now - keptMs)
      .zremrangebyrank(key, 0, -keptEntries - 1)
      .pexpire(key, keptMs)
      .exec();
  }

  /** All that is kept of a caller, oldest first. */
  async function of(callerKey: string): Promise<Past[]> {
    const rows = await redis.zrange(keys.history(callerKey), 0, '-1', 'WITHSCORES');
    const past: Past[] = [];
    for (let i = 0; i + 1 < rows.length; i += 2) {
      const [executionKey = '', targetId = '', ip = '', refused] = (rows[i] ?? '').split('|');
      past.push({
        at: Number(rows[i + 1]),
        executionKey,
        targetId,
        ip: ip || null,
        refused: refused === '1',
      });
    }
    return past;
  }

  /** A caller's 90 days before a moment, oldest first. */
  const before = async (callerKey: string, at: number) => daysBefore(await of(callerKey), at);

  /** Remembers that a script ran; answers when it ran last before. */
  async function noteScript(sha256: string, executionKey: string, at: number): Promise<string | null> {
    const key = keys.scriptHistory(sha256);
    await redis.multi().zadd(key, at, executionKey).pexpire(key, keptMs).exec();
    const [last] = await redis
      .zrevrangebyscore(key, `(${at}`, at - keptMs, 'WITHSCORES', 'LIMIT', 0, 1)
      .then((rows) => (rows[1] ? [rows[1]] : []));
    return last ? new Date(Number(last)).toISOString() : null;
  }

  /** Who ran commands since a moment, the latest first, by key with the name that the log gave. */
  async function callers(since: number, limit: number): Promise<{ key: string; name: string }[]> {
    const found = await redis.zrevrangebyscore(keys.historyCallers, '+inf', since, 'LIMIT', 0, limit);
    if (found.length === 0) return [];
    const names = await redis.hmget(keys.historyNames, ...found);
    return found.map((key, i) => ({ key, name: names[i] ?? key }));
  }

  /** From when on a subscription's history is known, ms; null before the first fill. */
  const filledFrom = async (subscriptionId: string) => {
    const from = await redis.hget(keys.historyFilled, subscriptionId);
    return from === null ? null : Number(from);
  };
  const setFilledFrom = (subscriptionId: string, from: number) =>
    redis.hset(keys.historyFilled, subscriptionId, from);

  return { note, callers, of, before, noteScript, filledFrom, setFilledFrom };
}
export type History = ReturnType<typeof createHistory>;
