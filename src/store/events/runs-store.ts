import type { Redis } from 'ioredis';
import type { Run } from '../../domain/techniques/runs';
import { keys } from '../keys';
import { updateValues } from '../redis/update-values';

/** Same retention as executions. */
const keepSeconds = 100 * 86_400;

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
  const update = (bases: readonly string[], change: (base: string, known: Run[]) => Run[]): Promise<void> =>
    updateValues(redis, bases, keys.runs, keepSeconds, (base, before) => {
      const known = before === '' ? [] : (JSON.parse(before) as PackedRun[]).map(unpack);
      return JSON.stringify(change(base, known).map(pack));
    });

  return { update };
}
export type RunsStore = ReturnType<typeof createRunsStore>;
