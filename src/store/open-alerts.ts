import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import { mostUrgentFirst, type Severity } from '../domain/alerts/severity';
import { type Sla, type TimingStep, targetOf, timingSteps } from '../domain/alerts/timing';
import { type OpenState, openStates } from '../domain/alerts/transitions';
import { keys } from './keys';
import { openIndexKeys, openScores, placeInIndex } from './open-index';
import { script } from './redis/lua-script';

/** Updates an alert's place in the index of open alerts, unless the alert changed since it was read. */
const placeScriptOf = (keepSeconds: number) =>
  script(`
if (redis.call('HGET', KEYS[1], 'rev') or '') ~= ARGV[2] then return 0 end${placeInIndex('KEYS[1 + i]', 'ARGV[2 + i]', 'ARGV[1]', keepSeconds)}
return 1`);

export interface OpenCount {
  severity: Severity;
  state: OpenState;
  count: number;
}

export interface AlertReaders {
  /** Reads about a hundred alerts at once; null for each that does not exist. */
  getMany: (ids: readonly string[]) => Promise<(Alert | null)[]>;
  /** Those that are still stored. */
  readKept: (ids: readonly string[]) => Promise<Alert[]>;
  /** All alerts raised since a time, ms, newest first, a page at a time. */
  since: (after: number) => AsyncGenerator<Alert[]>;
}

/** Announced alerts that are not closed: lists, counts, and when the reminders check each. */
export function createOpenAlerts(
  redis: Redis,
  keepSeconds: number,
  { getMany, readKept, since }: AlertReaders,
) {
  const placeScript = placeScriptOf(keepSeconds);

  /** Announced alerts that are not closed, newest first. */
  async function listOpen({
    limit = 100,
    severities: ofSeverity = mostUrgentFirst,
    states = openStates,
  }: {
    limit?: number;
    severities?: readonly Severity[];
    states?: readonly OpenState[];
  } = {}): Promise<Alert[]> {
    const rows = await Promise.all(
      ofSeverity.flatMap((severity) =>
        states.map((state) => redis.zrevrange(keys.open(severity, state), 0, limit - 1, 'WITHSCORES')),
      ),
    );
    const ids = rows
      .flatMap((row) => row.flatMap((id, i) => (i % 2 === 0 ? [{ id, at: Number(row[i + 1]) }] : [])))
      .sort((a, b) => b.at - a.at)
      .slice(0, limit)
      .map(({ id }) => id);
    return readKept(ids);
  }

  /** Open alerts whose reminders are to be checked by `at` (ms). Each change of an alert makes it due. */
  async function due(severity: Severity, at: number, limit: number): Promise<Alert[]> {
    const ids = await redis.zrangebyscore(keys.checkAt(severity), '-inf', at, 'LIMIT', 0, limit);
    const alerts = await getMany(ids);
    const expired = ids.filter((_, i) => alerts[i] === null);
    await Promise.all(
      expired.map((id) =>
        placeScript(redis, [keys.alert(id), ...openIndexKeys], [id, '', ...openScores(null)]),
      ),
    );
    return alerts.filter((alert) => alert !== null);
  }

  /**
   * Sets when the reminders check an alert next, ms or Infinity. If the alert changed since it was read, it
   * stays due.
   */
  const checkAgain = (alert: Alert, at: number) =>
    placeScript(
      redis,
      [keys.alert(alert.id), ...openIndexKeys],
      [alert.id, alert.rev, ...openScores(alert, at === Infinity ? '+inf' : at)],
    );

  /** Makes every open alert due, because the waits may have been configured differently before. */
  async function checkAll(): Promise<void> {
    for (const key of mostUrgentFirst.map(keys.checkAt)) {
      await redis.zunionstore(key, 1, key, 'WEIGHTS', 0);
      await redis.expire(key, keepSeconds);
    }
  }

  /** Indexes the open alerts that an earlier version stored, once. */
  async function indexOpen(): Promise<void> {
    if ((await redis.exists(keys.openIndexed)) === 1) return;
    for await (const page of since(0)) await Promise.all(page.map((alert) => checkAgain(alert, 0)));
    await redis.set(keys.openIndexed, 1);
  }

  /** @param after counts only alerts raised since, ms */
  async function openCounts(after = 0): Promise<OpenCount[]> {
    const counts = await Promise.all(
      mostUrgentFirst.flatMap((severity) =>
        openStates.map(async (state) => ({
          severity,
          state,
          count: await redis.zcount(keys.open(severity, state), after, '+inf'),
        })),
      ),
    );
    return counts.filter(({ count }) => count > 0);
  }

  /** Number of open alerts that were raised before `raisedBefore` (ms) and for which the step is still to be taken. */
  async function countWaiting(severity: Severity, step: TimingStep, raisedBefore: number): Promise<number> {
    const waiting = {
      acknowledge: [keys.open(severity, 'new')],
      contain: [keys.uncontained(severity)],
      close: openStates.map((state) => keys.open(severity, state)),
    };
    const counts = await Promise.all(
      waiting[step].map((key) => redis.zcount(key, '-inf', `(${raisedBefore}`)),
    );
    return counts.reduce((sum, each) => sum + each, 0);
  }

  /** Number of open alerts past each configured target, including 0. */
  const pastTargets = (sla: Sla, now: number) =>
    Promise.all(
      mostUrgentFirst.flatMap((severity) =>
        timingSteps.flatMap((step) => {
          const target = targetOf(severity, step, sla);
          return target === null ? [] : [pastTarget(severity, step, now - target)];
        }),
      ),
    );

  const pastTarget = async (severity: Severity, step: TimingStep, raisedBefore: number) => ({
    severity,
    step,
    count: await countWaiting(severity, step, raisedBefore),
  });

  return { listOpen, due, checkAgain, checkAll, indexOpen, openCounts, countWaiting, pastTargets };
}
