import type { Redis } from 'ioredis';
import type { Run } from '../../domain/techniques/runs';
import { keys } from '../keys';
import { script } from '../redis/lua-script';

/** Same retention as executions. */
const keepSeconds = 100 * 86_400;

/** Stores each value unless it changed since it was read. Returns which were stored. */
const setIfUnchanged = script(`
local stored = {}
for i, key in ipairs(KEYS) do
  local before, after = ARGV[2 * i], ARGV[2 * i + 1]
  if (redis.call('GET', key) or '') == before then
    redis.call('SET', key, after, 'EX', ARGV[1])
    stored[i] = 1
  else stored[i] = 0 end
end
return stored`);

type PackedRun = [string, number | null, number | null, number, string | null, string | null];
const pack = (run: Run): PackedRun => [run.key, run.started, run.ended, run.opened, run.id, run.upn];
const unpack = ([key, started, ended, opened, id, upn]: PackedRun): Run => ({
  key,
  started,
  ended,
  opened,
  id,
  upn,
});

/** Runs by operation, resource and correlation id. */
export function createRunsStore(redis: Redis) {
  /**
   * Updates the runs of several bases. Retries those that another process changed in the meantime.
   * @param change pure function that returns the new runs
   */
  async function update(
    bases: readonly string[],
    change: (base: string, known: Run[]) => Run[],
  ): Promise<void> {
    let left = [...bases];
    while (left.length > 0) {
      const texts = await redis.mget(left.map(keys.runs));
      const writes = left.map((base, index) => {
        const before = texts[index] ?? '';
        const known = before === '' ? [] : (JSON.parse(before) as PackedRun[]).map(unpack);
        return { base, before, after: JSON.stringify(change(base, known).map(pack)) };
      });
      const changed = writes.filter(({ before, after }) => before !== after);
      if (changed.length === 0) return;
      const stored = (await setIfUnchanged(
        redis,
        changed.map(({ base }) => keys.runs(base)),
        [keepSeconds, ...changed.flatMap(({ before, after }) => [before, after])],
      )) as number[];
      left = changed.filter((_, index) => stored[index] !== 1).map(({ base }) => base);
    }
  }

  return { update };
}
export type RunsStore = ReturnType<typeof createRunsStore>;
