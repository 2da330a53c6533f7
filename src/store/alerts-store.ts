import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import type { Harmless } from '../domain/alerts/facts';
import { mostUrgentFirst, type Severity } from '../domain/alerts/severity';
import { type HarmlessClose, harmlessCloseOf, maxLikeClosed } from '../domain/alerts/similar';
import { type Sla, type TimingStep, targetOf, timingSteps } from '../domain/alerts/timing';
import { type OpenState, openStates } from '../domain/alerts/transitions';
import type { AuditDraft, AuditSigner } from '../domain/audit/audit-chain';
import { subjectsOf } from '../domain/measures/subjects';
import { createAlertCounts } from './alert-counts';
import { auditedScript } from './audit/audited-write';
import { alertChangeKind, appendChange } from './change-feed';
import { keys } from './keys';
import { maxAlertsOn } from './measures-store';
import { openIndexKeys, openPlaces, openScores, placeInIndex } from './open-index';
import { script } from './redis/lua-script';
import { createAlertSearch } from './search-alerts';
import { createGroupSearch } from './search-groups';
import { createSearchIndex, graceSeconds } from './search-index';
import { readAlert } from './upgrade-alert';

/** Executions map to their alert for longer than Azure keeps its log (90 days). */
const executionSeconds = 100 * 86_400;
/** How long an alert closed as harmless counts for later alerts like it, ms. */
const harmlessMs = 90 * 86_400_000;

/**
 * Stores an alert unless it changed since it was read. In the same step, appends to the audit log, marks the
 * alert undelivered on each surface and changed for the search, indexes its subjects and updates the index of open
 * alerts. Also counts it for alerts like it if it was closed as harmless, adds the change to the feed, and notifies watchers.
 */
const commitScript = (keepSeconds: number) =>
  auditedScript(`
local rev = redis.call('HGET', K(1), 'rev') or '0'
if rev ~= A(1) then return 'stale' end
redis.call('HSET', K(1), 'rev', A(2), 'doc', A(3), 'state', A(8))
redis.call('EXPIRE', K(1), ${keepSeconds + graceSeconds})
redis.call('ZADD', K(2), A(5), A(4))
local marks, subjects = tonumber(A(6)), tonumber(A(7))
for i = 1, marks do
  redis.call('ZADD', K(2 + i), 'NX', A(5), A(4))
  redis.call('EXPIRE', K(2 + i), ${keepSeconds + graceSeconds})
end
for i = 1, subjects do
  redis.call('ZADD', K(2 + marks + i), 'NX', A(5), A(4))
  redis.call('ZREMRANGEBYRANK', K(2 + marks + i), 0, ${-maxAlertsOn - 1})
  redis.call('EXPIRE', K(2 + marks + i), ${keepSeconds})
end
local keysBefore, places = 2 + marks + subjects, tonumber(A(9))${placeInIndex('K(keysBefore + i)', 'A(9 + i)', 'A(4)', keepSeconds, 'places')}
local closes, closeArgs = keysBefore + places, 9 + places
if A(closeArgs + 1) ~= '' then
  closes = closes + 1
  redis.call('ZREM', K(closes), A(closeArgs + 1))
end
if A(closeArgs + 2) ~= '' then
  closes = closes + 1
  redis.call('ZADD', K(closes), A(closeArgs + 3), A(closeArgs + 2))
  redis.call('ZREMRANGEBYSCORE', K(closes), '-inf', tonumber(A(closeArgs + 3)) - ${harmlessMs})
  redis.call('ZREMRANGEBYRANK', K(closes), 0, -${maxLikeClosed + 1})
  redis.call('PEXPIRE', K(closes), ${harmlessMs})
end
redis.call('ZADD', K(closes + 1), A(closeArgs + 4), A(4))
if A(closeArgs + 5) ~= '' then ${appendChange('K(closes + 2)', 'A(closeArgs + 5)', 'A(4)', 'A(2)')} end
redis.call('PUBLISH', '${keys.changes}', A(4))`);

const claimAll = script(`
local owners = {}
for i, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[i + 1], 'EX', ARGV[1], 'NX')
  owners[i] = redis.call('GET', key)
end
return owners`);

const readAll = script(`
local docs = {}
for i, key in ipairs(KEYS) do docs[i] = redis.call('HGET', key, 'doc') end
return docs`);

/** Alerts that versions before 0.2 stored have no field for the state. */
const readStates = script(`
local states = {}
for i, key in ipairs(KEYS) do
  local state, doc = unpack(redis.call('HMGET', key, 'state', 'doc'))
  states[i] = state or (doc and cjson.decode(doc).state) or false
end
return states`);

/** Updates an alert's place in the index of open alerts, unless the alert changed since it was read. */
const placeScriptOf = (keepSeconds: number) =>
  script(`
if (redis.call('HGET', KEYS[1], 'rev') or '') ~= ARGV[2] then return 0 end${placeInIndex('KEYS[1 + i]', 'ARGV[2 + i]', 'ARGV[1]', keepSeconds)}
return 1`);

const pageSize = 100;

export interface OpenCount {
  severity: Severity;
  state: OpenState;
  count: number;
}

export interface AlertChange {
  alert: Alert;
  audit?: AuditDraft[];
}

/** Subjects that the change adds. */
function newSubjects(before: Alert | null, after: Alert): string[] {
  if (
    before &&
    before.executions === after.executions &&
    before.facts === after.facts &&
    before.exceptionOf === after.exceptionOf
  )
    return [];
  const known = new Set(before ? subjectsOf(before) : []);
  return subjectsOf(after).filter((subject) => !known.has(subject));
}

/** How the change moves the alert among those closed as harmless. */
function changedCloses(before: Alert | null, after: Alert) {
  const removed = before && harmlessCloseOf(before);
  const added = harmlessCloseOf(after);
  const member = (close: HarmlessClose | null) => (close ? `${close.alertId}|${close.as}` : '');
  return {
    keys: [removed, added].flatMap((close) => (close ? keys.harmlessCloses(close.key) : [])),
    args: [member(removed), member(added), added?.at ?? 0],
  };
}

/** @param keepSeconds how long an alert is kept after its last change */
export function createAlertsStore(
  redis: Redis,
  surfaces: readonly string[],
  signer: AuditSigner | null,
  keepSeconds: number,
) {
  const commit = commitScript(keepSeconds);
  const placeScript = placeScriptOf(keepSeconds);
  const searchIndex = createSearchIndex(redis, keepSeconds, getMany);

  async function get(id: string): Promise<Alert | null> {
    const doc = await redis.hget(keys.alert(id), 'doc');
    return doc ? readAlert(doc) : null;
  }

  let storedListener: (before: Alert | null, after: Alert) => void = () => {};
  /** Calls `listener` after each change that this process stored, once per change. */
  const onStored = (listener: typeof storedListener) => {
    storedListener = listener;
  };

  /** Reads about a hundred alerts at once; null for each that does not exist. */
  async function getMany(ids: readonly string[]): Promise<(Alert | null)[]> {
    if (ids.length === 0) return [];
    const docs = (await readAll(redis, ids.map(keys.alert), [])) as (string | null)[];
    return docs.map((doc) => (doc ? readAlert(doc) : null));
  }

  /**
   * Reads, changes and stores an alert. Retries if another process changed it in the meantime.
   * @param change pure function; null leaves the alert unchanged
   */
  async function update(
    id: string,
    change: (alert: Alert | null) => AlertChange | null,
    known?: Alert | null,
  ): Promise<Alert | null> {
    let current = known === undefined ? await get(id) : known;
    for (;;) {
      const wanted = change(current);
      if (!wanted) return current;
      const rev = current?.rev ?? 0;
      const stored: Alert = { ...wanted.alert, rev: rev + 1 };
      const marks = stored.announced ? surfaces.map(keys.undelivered) : [];
      const subjects = newSubjects(current, stored).map(keys.alertsOn);
      const closes = changedCloses(current, stored);
      const places = openPlaces(stored, current === null);
      const answer = await commit(redis, signer, {
        drafts: wanted.audit ?? [],
        keys: [
          keys.alert(id),
          keys.alerts,
          ...marks,
          ...subjects,
          ...places.keys,
          ...closes.keys,
          keys.unindexed,
          keys.feed,
        ],
        args: [
          rev,
          rev + 1,
          JSON.stringify(stored),
          id,
          Date.parse(stored.raisedAt),
          marks.length,
          subjects.length,
          stored.state,
          places.keys.length,
          ...places.scores,
          ...closes.args,
          Date.now(),
          alertChangeKind(current, stored),
        ],
      });
      if (answer === 'done') {
        storedListener(current, stored);
        return stored;
      }
      current = await get(id);
    }
  }

  /** Indexes alerts by subject. Alerts stored by this version are already indexed. */
  async function index(alerts: readonly Alert[]): Promise<void> {
    const batch = redis.pipeline();
    for (const alert of alerts)
      for (const subject of subjectsOf(alert)) {
        batch.zadd(keys.alertsOn(subject), 'NX', String(Date.parse(alert.raisedAt)), alert.id);
        batch.zremrangebyrank(keys.alertsOn(subject), 0, -maxAlertsOn - 1);
        batch.expire(keys.alertsOn(subject), keepSeconds);
      }
    await batch.exec();
  }

  /** Newest first; `before` and `after` are milliseconds since 1970. */
  async function list({
    limit = 100,
    after = 0,
    before,
  }: {
    limit?: number;
    after?: number;
    before?: number;
  } = {}): Promise<Alert[]> {
    return readKept(await redis.zrevrangebyscore(keys.alerts, before ?? '+inf', after, 'LIMIT', 0, limit));
  }

  async function readKept(ids: readonly string[]): Promise<Alert[]> {
    return (await Promise.all(ids.map(get))).filter((alert) => alert !== null);
  }

  /** All alerts raised since `after` (ms), newest first, a page at a time so that memory holds one page. */
  async function* since(after: number): AsyncGenerator<Alert[]> {
    const ids = await redis.zrevrangebyscore(keys.alerts, '+inf', after);
    for (let start = 0; start < ids.length; start += pageSize)
      yield await readKept(ids.slice(start, start + pageSize));
  }

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

  /** The alert of each execution; null for a new execution. */
  async function alertIdsOf(executionKeys: readonly string[]): Promise<(string | null)[]> {
    return executionKeys.length > 0 ? redis.mget(executionKeys.map(keys.execution)) : [];
  }

  /** Claims executions for alerts. Returns each execution's first claim, which wins. */
  async function claim(
    wanted: readonly (readonly [executionKey: string, alertId: string])[],
  ): Promise<string[]> {
    if (wanted.length === 0) return [];
    const claimed = wanted.map(([executionKey]) => keys.execution(executionKey));
    return (await claimAll(redis, claimed, [
      executionSeconds,
      ...wanted.map(([, alertId]) => alertId),
    ])) as string[];
  }

  /** Points executions to another alert. */
  async function reclaim(
    wanted: readonly (readonly [executionKey: string, alertId: string])[],
  ): Promise<void> {
    const batch = redis.pipeline();
    for (const [executionKey, alertId] of wanted)
      batch.set(keys.execution(executionKey), alertId, 'EX', executionSeconds);
    await batch.exec();
  }

  /** Which of these alerts are closed. */
  async function closedAmong(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const states = (await readStates(redis, ids.map(keys.alert), [])) as (string | null)[];
    return new Set(ids.filter((_, index) => states[index] === 'closed'));
  }

  /** Alerts of a likeness that were closed as harmless since a time, ms, the newest first. */
  async function harmlessCloses(likenessKey: string, since: number): Promise<HarmlessClose[]> {
    const rows = await redis.zrevrangebyscore(keys.harmlessCloses(likenessKey), '+inf', since, 'WITHSCORES');
    const closes: HarmlessClose[] = [];
    for (let i = 0; i + 1 < rows.length; i += 2) {
      const [alertId = '', as] = (rows[i] ?? '').split('|');
      closes.push({ alertId, as: as as Harmless, at: Number(rows[i + 1]) });
    }
    return closes;
  }

  const count = () => redis.zcard(keys.alerts);

  /** Number of alerts raised since `after` (ms). */
  const countSince = (after: number) => redis.zcount(keys.alerts, after, '+inf');

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

  return {
    get,
    getMany,
    index,
    update,
    list,
    since,
    listOpen,
    due,
    checkAgain,
    checkAll,
    indexOpen,
    alertIdsOf,
    claim,
    reclaim,
    closedAmong,
    harmlessCloses,
    count,
    countSince,
    openCounts,
    countWaiting,
    pastTargets,
    onStored,
    ...createAlertSearch(redis, searchIndex),
    ...createGroupSearch(redis, searchIndex),
    ...createAlertCounts(redis, searchIndex),
    indexChanged: searchIndex.indexChanged,
    markAllChanged: searchIndex.markAllChanged,
    sweepExpired: searchIndex.sweepExpired,
    sweepDaily: searchIndex.sweepDaily,
  };
}
export type AlertsStore = ReturnType<typeof createAlertsStore>;
