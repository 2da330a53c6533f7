import type { Redis } from 'ioredis';
import type { PrevalenceFacts } from '../../domain/alerts/facts';
import { type PairId, pairsOf } from '../../domain/alerts/prevalence';
import type { Execution } from '../../domain/techniques/execution';
import { keys } from '../keys';
import { collect, inChunks, script } from '../redis/lua-script';
import { maxSeen, readMs, seenSet } from './seen-set';

const noteScript = script(`${seenSet(maxSeen)}
local next = 2
for _, key in ipairs(KEYS) do
  local last = next + tonumber(ARGV[next]) * 3
  for i = next + 1, last, 3 do note(key, ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
  limit(key, tonumber(ARGV[1]))
  next = last + 1
end`);

const lastBefore = script(`
local found = {}
for i, key in ipairs(KEYS) do
  local at = tonumber(ARGV[i])
  found[i] = redis.call('ZREVRANGEBYSCORE', key, '(' .. ARGV[i], at - ${readMs}, 'WITHSCORES', 'LIMIT', 0, 1)[2] or ''
end
return found`);

/** Pairs per script, so that a flood does not block Redis for long. */
const chunkSize = 500;

const keysOf = (execution: Execution): [PairId, string][] =>
  Object.entries(pairsOf(execution)).flatMap(([id, parts]) =>
    parts ? [[id as PairId, keys.lastSeen(id, ...parts)] as [PairId, string]] : [],
  );

/** Alerts that ask at once. */
const maxAsking = 200;

/** When pairs such as caller and machine were seen. */
export function createLastSeen(redis: Redis) {
  /** When each pair was last seen before a time, ms, as text; empty if never. */
  const timesOf = collect(maxAsking, async (asked: readonly { key: string; at: number }[][]) => {
    const found = await inChunks(asked.flat(), chunkSize, (some) =>
      lastBefore(
        redis,
        some.map(({ key }) => key),
        some.map(({ at }) => at),
      ),
    );
    const times = (found as string[][]).flat();
    let next = 0;
    return asked.map(({ length }) => {
      next += length;
      return times.slice(next - length, next);
    });
  });

  /** Stores executions by pair. Idempotent, in any order. */
  async function note(executions: readonly Execution[], now: number): Promise<void> {
    const byPair = new Map<string, (string | number)[][]>();
    for (const execution of executions) {
      const entry = [execution.key, Date.parse(execution.startedAt), execution.refused ? 1 : 0];
      for (const [, key] of keysOf(execution)) {
        const known = byPair.get(key);
        if (known) known.push(entry);
        else byPair.set(key, [entry]);
      }
    }
    await inChunks([...byPair], chunkSize, (pairs) =>
      noteScript(
        redis,
        pairs.map(([key]) => key),
        [now, ...pairs.flatMap(([, entries]) => [entries.length, ...entries.flat()])],
      ),
    );
  }

  /** When each execution's pairs were last seen before a time, ms. */
  async function before(
    asked: readonly { execution: Execution; at: number }[],
  ): Promise<Omit<PrevalenceFacts, 'script'>[]> {
    const asking = asked.map(({ execution, at }) => ({ own: keysOf(execution), at }));
    const pairs = asking.flatMap(({ own, at }) => own.map(([, key]) => ({ key, at })));
    const found = pairs.length === 0 ? [] : await timesOf(pairs);
    const times = found.map((ms) => (ms ? new Date(Number(ms)).toISOString() : null));
    let next = 0;
    return asking.map((one) => {
      const own = Object.fromEntries(one.own.map(([id]) => [id, times[next++] ?? null]));
      return {
        callerOnMachine: own.callerOnMachine ?? null,
        callerFromNetwork: own.callerFromNetwork,
        machineTechnique: own.machineTechnique ?? null,
        extensionOnMachine: own.extensionOnMachine,
      };
    });
  }

  return { note, before };
}
