import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keys } from './keys';
import { updateValues } from './redis/update-values';

/** A managed run command of ours, noted before Azure is asked to run it. */
const ownRun = z.strictObject({
  name: z.string().max(100),
  id: z.string().max(1000),
  machineId: z.string().max(1000),
  objectId: z.string().max(100),
  sha256: z.string().max(64),
  alertId: z.string().max(200),
  press: z.string().max(200),
  /** Covers {@link signedPart}, by a key derived from RUNWATCH_SECRET. */
  signature: z.string().max(100),
  /** When it was last noted, ms. */
  at: z.number(),
  /** How often Azure was asked to write it: that many executions in the log are ours. */
  writes: z.number().int().min(0),
  /** Azure returned it with our script. `changed`: with another one. */
  script: z.enum(['unread', 'ours', 'changed']),
  /** Keys of the executions in the log that were recognized as ours. */
  executions: z.array(z.string().max(100)).max(100),
});
export type OwnRun = z.infer<typeof ownRun>;

/** Events reach the log minutes late. What the log shows later than this is not recognized, and alerts. */
const keepSeconds = 7 * 86_400;
/** More can't be left behind: each fetch has at most a few dozen, and removes them. */
const maxLeft = 10_000;

export function createOwnRuns(redis: Redis) {
  const parse = (doc: string | null): OwnRun | null => {
    if (!doc) return null;
    try {
      return ownRun.parse(JSON.parse(doc));
    } catch {
      return null;
    }
  };
  const get = async (name: string): Promise<OwnRun | null> => parse(await redis.get(keys.ownRun(name)));
  const change = (name: string, next: (run: OwnRun) => OwnRun): Promise<void> =>
    updateValues(redis, [name], keys.ownRun, keepSeconds, (_, before) => {
      const run = parse(before);
      return run ? JSON.stringify(next(run)) : before;
    });

  return {
    get,
    /** Notes it, and that it has to be removed. Call it before Azure is asked to write it. */
    note: async (run: Omit<OwnRun, 'writes' | 'script' | 'executions'>): Promise<void> => {
      await redis.zadd(keys.ownRunsLeft, run.at + keepSeconds * 1000, run.name);
      await redis.zremrangebyrank(keys.ownRunsLeft, 0, -maxLeft - 1);
      await redis.expire(keys.ownRunsLeft, keepSeconds);
      await updateValues(redis, [run.name], keys.ownRun, keepSeconds, (_, before) => {
        const known = parse(before);
        const { writes = 0, script = 'unread' as const, executions = [] } = known ?? {};
        return JSON.stringify({ ...run, writes: writes + 1, script, executions });
      });
    },
    noteScript: (name: string, script: 'ours' | 'changed'): Promise<void> =>
      change(name, (run) => (run.script === 'changed' ? run : { ...run, script })),
    /** Whether an execution in the log is one of ours. Each write of ours accounts for one execution. */
    claim: async (name: string, execution: string): Promise<boolean> => {
      let mine = false;
      await change(name, (run) => {
        mine = run.executions.includes(execution);
        if (mine || run.executions.length >= run.writes) return run;
        mine = true;
        return { ...run, executions: [...run.executions, execution] };
      });
      return mine;
    },
    noteRemoved: async (name: string): Promise<void> => {
      await redis.zrem(keys.ownRunsLeft, name);
    },
    /** Those that may still be on their machine. */
    listLeft: async (now: number): Promise<OwnRun[]> => {
      await redis.zremrangebyscore(keys.ownRunsLeft, 0, now);
      const names = await redis.zrange(keys.ownRunsLeft, '0', '200');
      const docs = await Promise.all(names.map(get));
      return docs.filter((run) => run !== null);
    },
  };
}
export type OwnRuns = ReturnType<typeof createOwnRuns>;
