import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import type { Harmless } from '../domain/alerts/facts';
import { type HarmlessClose, harmlessCloseOf, maxLikeClosed } from '../domain/alerts/similar';
import type { AuditDraft, AuditSigner } from '../domain/audit/audit-chain';
import { subjectsOf } from '../domain/measures/subjects';
import { auditedScript } from './audit/audited-write';
import { keys } from './keys';
import { script } from './redis/lua-script';
import { readAlert } from './upgrade-alert';

/** Alerts are kept for 400 days because auditors may ask a year later. */
const keepSeconds = 400 * 86_400;
/** Executions map to their alert for longer than Azure keeps its log (90 days). */
const executionSeconds = 100 * 86_400;
/** How long an alert closed as harmless counts for later alerts like it, ms. */
const harmlessMs = 90 * 86_400_000;

/**
 * Stores an alert unless it changed since it was read. In the same step, appends to the audit log, marks the
 * alert undelivered on each surface, indexes its subjects, counts it for alerts like it if it was closed as
 * harmless, and notifies watchers.
 */
const commit = auditedScript(`
local rev = redis.call('HGET', K(1), 'rev') or '0'
if rev ~= A(1) then return 'stale' end
redis.call('HSET', K(1), 'rev', A(2), 'doc', A(3), 'state', A(8))
redis.call('EXPIRE', K(1), ${keepSeconds})
redis.call('ZADD', K(2), 'NX', A(5), A(4))
local marks, subjects = tonumber(A(6)), tonumber(A(7))
for i = 1, marks do redis.call('ZADD', K(2 + i), 'NX', A(5), A(4)) end
for i = 1, subjects do
  redis.call('ZADD', K(2 + marks + i), 'NX', A(5), A(4))
  redis.call('EXPIRE', K(2 + marks + i), ${keepSeconds})
end
local closes = 2 + marks + subjects
if A(9) ~= '' then
  closes = closes + 1
  redis.call('ZREM', K(closes), A(9))
end
if A(10) ~= '' then
  closes = closes + 1
  redis.call('ZADD', K(closes), A(11), A(10))
  redis.call('ZREMRANGEBYSCORE', K(closes), '-inf', tonumber(A(11)) - ${harmlessMs})
  redis.call('ZREMRANGEBYRANK', K(closes), 0, -${maxLikeClosed + 1})
  redis.call('PEXPIRE', K(closes), ${harmlessMs})
end
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

const countsCacheMs = 15_000;

export interface OpenCount {
  severity: string;
  state: string;
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

export function createAlertsStore(redis: Redis, surfaces: readonly string[], signer: AuditSigner | null) {
  async function get(id: string): Promise<Alert | null> {
    const doc = await redis.hget(keys.alert(id), 'doc');
    return doc ? readAlert(doc) : null;
  }

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
      const answer = await commit(redis, signer, {
        drafts: wanted.audit ?? [],
        keys: [keys.alert(id), keys.alerts, ...marks, ...subjects, ...closes.keys],
        args: [
          rev,
          rev + 1,
          JSON.stringify(stored),
          id,
          Date.parse(stored.raisedAt),
          marks.length,
          subjects.length,
          stored.state,
          ...closes.args,
        ],
      });
      if (answer === 'done') return stored;
      current = await get(id);
    }
  }

  /** Indexes alerts by subject. Alerts stored by this version are already indexed. */
  async function index(alerts: readonly Alert[]): Promise<void> {
    const batch = redis.pipeline();
    for (const alert of alerts)
      for (const subject of subjectsOf(alert)) {
        batch.zadd(keys.alertsOn(subject), 'NX', String(Date.parse(alert.raisedAt)), alert.id);
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
    const ids = await redis.zrevrangebyscore(keys.alerts, before ?? '+inf', after, 'LIMIT', 0, limit);
    return (await Promise.all(ids.map(get))).filter((alert) => alert !== null);
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

  /** Cached for 15 seconds, because counting reads thousands of alerts on each scrape. */
  let cachedCounts: { at: number; open: OpenCount[] } | null = null;
  async function openCounts(): Promise<OpenCount[]> {
    if (cachedCounts && Date.now() - cachedCounts.at < countsCacheMs) return cachedCounts.open;
    const alerts = await list({ limit: 5000, after: Date.now() - 30 * 86_400_000 });
    const open = new Map<string, OpenCount>();
    for (const { announced, severity, state } of alerts) {
      if (!announced || state === 'closed') continue;
      const key = `${severity} ${state}`;
      open.set(key, { severity, state, count: (open.get(key)?.count ?? 0) + 1 });
    }
    cachedCounts = { at: Date.now(), open: [...open.values()] };
    return cachedCounts.open;
  }

  return {
    get,
    getMany,
    index,
    update,
    list,
    alertIdsOf,
    claim,
    reclaim,
    closedAmong,
    harmlessCloses,
    count,
    openCounts,
  };
}
export type AlertsStore = ReturnType<typeof createAlertsStore>;
