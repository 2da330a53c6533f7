import type { Redis } from 'ioredis';
import { callerKeyOf } from '../../domain/alerts/alert';
import type { ScriptPrevalence } from '../../domain/alerts/facts';
import type { Execution } from '../../domain/techniques/execution';
import { shortDigest } from '../../domain/text/short-digest';
import { keys } from '../keys';
import { inChunks, script } from '../redis/lua-script';
import { keptMs, maxRuns, readMs, seenSet } from './seen-set';

/** Field of a script's details with the time of the newest run that was dropped. */
const cutField = 'cut';

const noteScript = script(`${seenSet(maxRuns)}
local now, next = tonumber(ARGV[1]), 2
redis.call('SET', KEYS[1], ARGV[1], 'NX')
redis.call('PEXPIRE', KEYS[1], ${keptMs})
for k = 2, #KEYS, 2 do
  local runs, details = KEYS[k], KEYS[k + 1]
  local last = next + tonumber(ARGV[next]) * 4
  for i = next + 1, last, 4 do
    note(runs, ARGV[i], ARGV[i + 1], ARGV[i + 2])
    local kept = redis.call('HGET', details, ARGV[i])
    if not kept or kept < ARGV[i + 3] then redis.call('HSET', details, ARGV[i], ARGV[i + 3]) end
  end
  local gone, cutAt = limit(runs, now)
  for _, run in ipairs(gone) do redis.call('HDEL', details, run) end
  local known = tonumber(redis.call('HGET', details, '${cutField}') or '0')
  if cutAt and tonumber(cutAt) > known then redis.call('HSET', details, '${cutField}', cutAt) end
  redis.call('PEXPIRE', details, ${keptMs})
  next = last + 1
end`);

/** Scripts per call, so that a flood does not block Redis for long. */
const chunkSize = 100;
const maxNames = 3;

interface Run {
  at: number;
  /** Null if a version before 0.2 stored it. */
  details: { callerKey: string; machine: string } | null;
}

interface KnownScript {
  /** Oldest first. */
  runs: Run[];
  /** Time of the newest run that was dropped, ms; 0 if none was. */
  cutAt: number;
}

export interface AskedScript {
  sha256: string | null;
  /** Ms. Runs from then on do not count. */
  at: number;
}

/** The runs of each script, with caller and machine. */
export function createScriptRuns(redis: Redis) {
  /** Stores that scripts ran. Idempotent, in any order. */
  async function note(
    entries: readonly { execution: Execution; sha256: string | null }[],
    now: number,
  ): Promise<void> {
    const byScript = new Map<string, (string | number)[][]>();
    for (const { execution, sha256 } of entries) {
      if (sha256 === null) continue;
      const { key, startedAt, refused } = execution;
      const entry = [key, Date.parse(startedAt), refused ? 1 : 0, detailsOf(execution)];
      const known = byScript.get(sha256);
      if (known) known.push(entry);
      else byScript.set(sha256, [entry]);
    }
    await inChunks([...byScript], chunkSize, (scripts) =>
      noteScript(
        redis,
        [
          keys.scriptsSince,
          ...scripts.flatMap(([sha256]) => [keys.scriptHistory(sha256), keys.scriptRuns(sha256)]),
        ],
        [now, ...scripts.flatMap(([, runs]) => [runs.length, ...runs.flat()])],
      ),
    );
  }

  /** How often each script ran in the 90 days before a time; null where the SHA-256 is unknown. */
  async function before(asked: readonly AskedScript[]): Promise<(ScriptPrevalence | null)[]> {
    const distinct = [...new Set(asked.flatMap(({ sha256 }) => sha256 ?? []))];
    if (distinct.length === 0) return asked.map(() => null);
    const { since, scripts } = await read(distinct);
    const known = new Map<string, ScriptPrevalence>();
    for (const { sha256, at } of asked) {
      if (sha256 === null || known.has(`${sha256} ${at}`)) continue;
      const days = Math.min(90, Math.max(0, Math.floor((at - since) / 86_400_000)));
      known.set(`${sha256} ${at}`, { ...prevalenceOf(scripts.get(sha256) as KnownScript, at), days });
    }
    const callerKeys = [...new Set([...known.values()].flatMap(({ callers }) => callers.names))];
    const names = callerKeys.length > 0 ? await redis.hmget(keys.historyNames, ...callerKeys) : [];
    const nameOf = new Map(callerKeys.map((key, i) => [key, names[i] ?? key]));
    return asked.map(({ sha256, at }) => {
      const found = known.get(`${sha256} ${at}`);
      if (!found) return null;
      const { count, names: theirs } = found.callers;
      return { ...found, callers: { count, names: theirs.map((key) => nameOf.get(key) ?? key) } };
    });
  }

  async function read(distinct: readonly string[]) {
    const batch = redis.pipeline().get(keys.scriptsSince);
    for (const sha256 of distinct) {
      batch.zrangebyscore(keys.scriptHistory(sha256), 0, '+inf', 'WITHSCORES');
      batch.hgetall(keys.scriptRuns(sha256));
    }
    const [since, ...answers] = ((await batch.exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
    const scripts = distinct.map((sha256, i): [string, KnownScript] => {
      const details = answers[2 * i + 1] as Record<string, string>;
      const cutAt = Number(details[cutField] ?? 0);
      return [sha256, { runs: runsOf(answers[2 * i] as string[], details), cutAt }];
    });
    return {
      since: since === null ? Number.POSITIVE_INFINITY : Number(since),
      scripts: new Map(scripts),
    };
  }

  return { note, before };
}

/**
 * "3|caller key|machine". The first digit says how well the caller is known: of two notes of a run, the
 * greater text is kept.
 */
function detailsOf({ caller, target }: Execution): string {
  const known = caller.id ? 3 : caller.upn ? 2 : caller.appId ? 1 : 0;
  return `${known}|${callerKeyOf(caller)}|${shortDigest(target.id.toLowerCase())}`;
}

function runsOf(rows: readonly string[], details: Record<string, string>): Run[] {
  const runs: Run[] = [];
  for (let i = 0; i + 1 < rows.length; i += 2) {
    const text = details[rows[i] ?? ''];
    const end = text?.lastIndexOf('|') ?? 0;
    runs.push({
      at: Number(rows[i + 1]),
      details: text ? { callerKey: text.slice(2, end), machine: text.slice(end + 1) } : null,
    });
  }
  return runs;
}

/** The names are still caller keys. */
function prevalenceOf({ runs, cutAt }: KnownScript, before: number): Omit<ScriptPrevalence, 'days'> {
  const past = runs.filter(({ at }) => at >= before - readMs && at < before);
  const byCaller = new Map<string, number>();
  const machines = new Set<string>();
  for (const { details } of past) {
    if (!details) continue;
    byCaller.set(details.callerKey, (byCaller.get(details.callerKey) ?? 0) + 1);
    machines.add(details.machine);
  }
  const most = [...byCaller].sort((a, b) => b[1] - a[1]).slice(0, maxNames);
  const iso = (run: Run | undefined) => (run ? new Date(run.at).toISOString() : null);
  return {
    runs: past.length,
    callers: { count: byCaller.size, names: most.map(([key]) => key) },
    machines: machines.size,
    firstAt: iso(past[0]),
    lastAt: iso(past.at(-1)),
    atLeast: past.length > 0 && (cutAt >= before - readMs || past.some(({ details }) => !details)),
  };
}
