import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import type { Harmless } from '../domain/alerts/facts';
import { type HarmlessClose, harmlessCloseOf, maxLikeClosed } from '../domain/alerts/similar';
import type { AuditDraft, AuditSigner } from '../domain/audit/audit-chain';
import { subjectsOf } from '../domain/measures/subjects';
import { createAlertCounts } from './alert-counts';
import { auditedScript } from './audit/audited-write';
import { alertChangeKind, appendChange } from './change-feed';
import { keys } from './keys';
import { maxAlertsOn } from './measures-store';
import { createOpenAlerts } from './open-alerts';
import { openPlaces, placeInIndex } from './open-index';
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

const pageSize = 100;

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

  return {
    get,
    getMany,
    index,
    update,
    list,
    since,
    alertIdsOf,
    claim,
    reclaim,
    closedAmong,
    harmlessCloses,
    count,
    countSince,
    onStored,
    ...createOpenAlerts(redis, keepSeconds, { getMany, readKept, since }),
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
