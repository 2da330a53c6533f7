import type { Redis } from 'ioredis';
import { callerKeyOf } from '../../domain/alerts/alert';
import type { PrevalenceFacts } from '../../domain/alerts/facts';
import type { Execution } from '../../domain/techniques/execution';
import { keys } from '../keys';
import { inChunks, script } from '../redis/lua-script';
import { createLastSeen } from './last-seen';
import { createScriptRuns } from './script-runs';

/** One execution as stored in the history. */
export interface PastExecution {
  at: number;
  executionKey: string;
  targetId: string;
  ip: string | null;
  refused: boolean;
}

const retentionMs = 90 * 86_400_000;
/** Entries from the 90 days before a time. */
export const daysBefore = (past: readonly PastExecution[], at: number): PastExecution[] =>
  past.filter((entry) => entry.at >= at - retentionMs && entry.at < at);

/** A caller with more executions in 90 days is automation. The newest are enough. */
const maxEntries = 5000;

/** Callers outlive their executions by this: scripts are kept a day longer and name them, ms. */
const graceMs = 86_400_000;
/** More than one call adds, so that the callers without executions do not add up. */
const forgottenAtOnce = 200;

/** Callers per script, so that a flood does not block Redis for long. */
const chunkSize = 100;

const noteCallers = script(`
local next = 2
for i = 3, #KEYS do
  local caller, name, newest, runs = ARGV[next], ARGV[next + 1], ARGV[next + 2], tonumber(ARGV[next + 3])
  redis.call('ZADD', KEYS[1], 'GT', newest, caller)
  redis.call('HSET', KEYS[2], caller, name)
  next = next + 4
  for _ = 1, runs do
    redis.call('ZADD', KEYS[i], ARGV[next], ARGV[next + 1])
    next = next + 2
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[i], 0, ${-maxEntries - 1})
  redis.call('PEXPIRE', KEYS[i], ${retentionMs})
end
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ${graceMs}, 'LIMIT', 0, ${forgottenAtOnce})
if #old > 0 then
  redis.call('ZREM', KEYS[1], unpack(old))
  redis.call('HDEL', KEYS[2], unpack(old))
end
for i = 1, 2 do redis.call('PEXPIRE', KEYS[i], ${retentionMs + graceMs}) end`);

/** Executions of the last 90 days, by caller, by script and by pairs such as caller and machine. */
export function createHistory(redis: Redis) {
  const lastSeen = createLastSeen(redis);
  const scripts = createScriptRuns(redis);
  const memberOf = (e: Execution) =>
    [e.key, e.target.id.toLowerCase(), e.caller.ip ?? '', e.refused ? '1' : '0'].join('|');

  /** Stores executions by caller and by pair. Idempotent, in any order. */
  async function note(executions: readonly Execution[], now: number): Promise<void> {
    const byCaller = Map.groupBy(executions, ({ caller }) => callerKeyOf(caller));
    await Promise.all([
      lastSeen.note(executions, now),
      inChunks([...byCaller], chunkSize, (callers) =>
        noteCallers(
          redis,
          [keys.historyCallers, keys.historyNames, ...callers.map(([callerKey]) => keys.history(callerKey))],
          [
            now - retentionMs,
            ...callers.flatMap(([callerKey, theirs]) => {
              const runs = theirs.flatMap((e) => [Date.parse(e.startedAt), memberOf(e)]);
              const newest = Math.max(...theirs.map((e) => Date.parse(e.startedAt)));
              return [callerKey, theirs[0]?.caller.name ?? callerKey, newest, theirs.length, ...runs];
            }),
          ],
        ),
      ),
    ]);
  }

  /** All stored executions of a caller, oldest first. */
  async function of(callerKey: string): Promise<PastExecution[]> {
    return pastOf(await redis.zrange(keys.history(callerKey), 0, '-1', 'WITHSCORES'));
  }

  /** A caller's newest executions since a time, ms. The newest comes first. */
  const newest = async (callerKey: string, since: number, limit: number) =>
    pastOf(
      await redis.zrevrangebyscore(keys.history(callerKey), '+inf', since, 'WITHSCORES', 'LIMIT', 0, limit),
    );

  function pastOf(rows: readonly string[]): PastExecution[] {
    const past: PastExecution[] = [];
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

  /** A caller's executions in the 90 days before a time, oldest first. */
  const before = async (callerKey: string, at: number) => daysBefore(await of(callerKey), at);

  /**
   * How common each execution was before it started, in a bounded number of round trips.
   * @param asked `before` replaces an execution's own start, so that the executions of a burst don't count
   * each other
   */
  async function prevalence(
    asked: readonly { execution: Execution; sha256: string | null; before?: string }[],
  ): Promise<PrevalenceFacts[]> {
    const times = asked.map(({ execution, sha256, before }) => ({
      execution,
      sha256,
      at: Date.parse(before ?? execution.startedAt),
    }));
    const [pairs, ran] = await Promise.all([lastSeen.before(times), scripts.before(times)]);
    return pairs.map((own, i) => ({ script: ran[i] ?? null, ...own }));
  }

  /**
   * Callers who ran commands since a time, latest first, with their names from the log.
   * @param from how many of them to leave out
   */
  async function callers(since: number, limit: number, from = 0): Promise<{ key: string; name: string }[]> {
    const found = await redis.zrevrangebyscore(keys.historyCallers, '+inf', since, 'LIMIT', from, limit);
    if (found.length === 0) return [];
    const names = await redis.hmget(keys.historyNames, ...found);
    return found.map((key, i) => ({ key, name: names[i] ?? key }));
  }

  /** Start of a subscription's known history, ms; null before the first backfill. */
  const filledFrom = async (subscriptionId: string) => {
    const from = await redis.hget(keys.historyFilled, subscriptionId);
    return from === null ? null : Number(from);
  };
  const setFilledFrom = (subscriptionId: string, from: number) =>
    redis.multi().hset(keys.historyFilled, subscriptionId, from).del(keys.oldHistoryFilled).exec();

  return {
    note,
    callers,
    of,
    newest,
    before,
    prevalence,
    noteScripts: scripts.note,
    filledFrom,
    setFilledFrom,
  };
}
export type History = ReturnType<typeof createHistory>;
