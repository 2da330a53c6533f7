import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import type { AuditDraft, AuditSigner } from '../domain/audit/audit-chain';
import type { AlertView } from '../domain/measures/alert-view';
import type { Approval } from '../domain/measures/approval';
import type { Measure } from '../domain/measures/measure';
import { alertSubject, subjectsOf } from '../domain/measures/subjects';
import { auditedScript } from './audit/audited-write';
import { appendChange } from './change-feed';
import { keys } from './keys';
import { hashPages } from './redis/hash-pages';
import { script } from './redis/lua-script';

/** Alerts that are indexed by a subject: a measure's changes update these, the newest. */
export const maxAlertsOn = 500;

/** Lua function: of a subject's records, by id, those that are still stored. */
const keptRecords = `
local function keptRecords(index, subject)
  local kept = {}
  for id in string.gmatch(redis.call('HGET', index, subject) or '', '%S+') do
    if redis.call('EXISTS', '${keys.record('')}' .. id) == 1 then kept[#kept + 1] = id end
  end
  return kept
end`;

/**
 * Stores a record unless it changed since it was read. In the same step, audits it, adds the change to the feed,
 * indexes it by subject, and marks the alerts that show it undelivered on each surface.
 */
const commitScript = (keepSeconds: number) =>
  auditedScript(`${keptRecords}
local rev = redis.call('HGET', K(1), 'rev') or '0'
if rev ~= A(1) then return 'stale' end
redis.call('HSET', K(1), 'rev', A(2), 'doc', A(3))
if A(4) == '1' then
  redis.call('PERSIST', K(1))
  redis.call('ZADD', K(2), A(6), A(5))
else
  redis.call('EXPIRE', K(1), ${keepSeconds})
  redis.call('ZREM', K(2), A(5))
end
local subjects, alerts, surfaces = tonumber(A(7)), tonumber(A(8)), tonumber(A(9))
${appendChange('K(4 + surfaces + alerts)', 'A(10 + subjects + alerts)', 'A(5)', 'A(2)')}
for i = 1, subjects do
  local isKnown, kept = false, keptRecords(K(3), A(9 + i))
  for _, id in ipairs(kept) do isKnown = isKnown or id == A(5) end
  if not isKnown then
    kept[#kept + 1] = A(5)
    redis.call('HSET', K(3), A(9 + i), table.concat(kept, ' '))
  end
end
for i = 1, alerts do
  local id = A(9 + subjects + i)
  if redis.call('EXISTS', K(3 + surfaces + i)) == 1 then
    redis.call('HINCRBY', K(3 + surfaces + i), 'touched', 1)
    for s = 1, surfaces do redis.call('ZADD', K(3 + s), 'NX', A(6), id) end
    redis.call('PUBLISH', '${keys.changes}', id)
  end
end`);

/** Removes the expired records of some subjects from the index. */
const forgetExpired = script(`${keptRecords}
for _, subject in ipairs(ARGV) do
  local kept = keptRecords(KEYS[1], subject)
  if #kept == 0 then redis.call('HDEL', KEYS[1], subject)
  else redis.call('HSET', KEYS[1], subject, table.concat(kept, ' ')) end
end`);

const takeSlot = script(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', 172800)
return 1`);

const readAll = script(`
local docs = {}
for i, key in ipairs(KEYS) do docs[i] = redis.call('HGET', key, 'doc') end
return docs`);

export interface MeasureChange {
  measure: Measure;
  audit?: AuditDraft[];
}

const isMeasureId = (id: string) => id.startsWith('M-');

/** @param keepSeconds how long finished records are kept: as long as alerts */
export function createMeasuresStore(
  redis: Redis,
  surfaces: readonly string[],
  signer: AuditSigner | null,
  keepSeconds: number,
  now: () => number = Date.now,
) {
  const commit = commitScript(keepSeconds);

  /** Alerts about any of these subjects, newest first for each subject. */
  async function alertsOn(subjects: readonly string[]): Promise<string[]> {
    const lists = await Promise.all(
      subjects.map((subject) =>
        subject.startsWith('alert:')
          ? [subject.slice('alert:'.length)]
          : redis.zrevrange(keys.alertsOn(subject), 0, maxAlertsOn - 1),
      ),
    );
    return [...new Set(lists.flat())];
  }

  async function store(
    id: string,
    {
      rev,
      doc,
      subjects,
      alerts,
      open,
      drafts,
      list,
    }: {
      rev: number;
      doc: unknown;
      subjects: readonly string[];
      alerts: readonly string[];
      open: boolean;
      drafts: readonly AuditDraft[];
      list: string;
    },
  ): Promise<'done' | 'stale'> {
    const shown = [...new Set([...alerts, ...(await alertsOn(subjects))])];
    const answer = await commit(redis, signer, {
      drafts,
      keys: [
        keys.record(id),
        list,
        keys.recordIndex,
        ...surfaces.map(keys.undelivered),
        ...shown.map(keys.alert),
        keys.feed,
      ],
      args: [
        rev,
        rev + 1,
        JSON.stringify(doc),
        open ? '1' : '0',
        id,
        now(),
        subjects.length,
        shown.length,
        surfaces.length,
        ...subjects,
        ...shown,
        isMeasureId(id) ? 'measure.changed' : 'approval.changed',
      ],
    });
    return answer as 'done' | 'stale';
  }

  async function read<T>(id: string): Promise<T | null> {
    const doc = await redis.hget(keys.record(id), 'doc');
    return doc ? (JSON.parse(doc) as T) : null;
  }

  async function readMany<T>(ids: readonly string[]): Promise<T[]> {
    if (ids.length === 0) return [];
    const docs = (await readAll(redis, ids.map(keys.record), [])) as (string | null)[];
    return docs.flatMap((doc) => (doc ? [JSON.parse(doc) as T] : []));
  }

  const get = (id: string) => read<Measure>(id);

  /** The names of measures' targets by measure id, of those that are still stored. */
  const namesOf = async (ids: readonly string[]): Promise<Map<string, string>> =>
    new Map((await readMany<Measure>([...new Set(ids)])).map(({ id, name }) => [id, name]));

  /**
   * Reads, changes and stores a measure. Retries if another process changed it in the meantime.
   * @param change pure function; null leaves the measure unchanged
   */
  async function update(
    id: string,
    change: (measure: Measure | null) => MeasureChange | null,
  ): Promise<Measure | null> {
    for (;;) {
      const current = await get(id);
      const wanted = change(current);
      if (!wanted) return current;
      const rev = current?.rev ?? 0;
      const measure = { ...wanted.measure, rev: rev + 1, changedAt: new Date(now()).toISOString() };
      const answer = await store(id, {
        rev,
        doc: measure,
        subjects: [...new Set([...measure.subjects, ...measure.alerts.map(alertSubject)])],
        alerts: measure.alerts,
        open: measure.state !== 'undone' && measure.state !== 'done',
        drafts: wanted.audit ?? [],
        list: keys.openMeasures,
      });
      if (answer === 'done') return measure;
    }
  }

  /** Open measures, least recently changed first. */
  const listOpen = async () => readMany<Measure>(await redis.zrange(keys.openMeasures, 0, '-1'));

  const getApproval = (id: string) => read<Approval>(id);

  async function updateApproval(
    id: string,
    change: (approval: Approval | null) => { approval: Approval; audit?: AuditDraft[] } | null,
  ): Promise<Approval | null> {
    for (;;) {
      const current = await getApproval(id);
      const wanted = change(current);
      if (!wanted) return current;
      const rev = current?.rev ?? 0;
      const approval = { ...wanted.approval, rev: rev + 1 };
      const { alertId, state } = approval;
      const answer = await store(id, {
        rev,
        doc: approval,
        subjects: alertId ? [alertSubject(alertId)] : [],
        alerts: alertId ? [alertId] : [],
        open: state === 'asked' || state === 'approved',
        drafts: wanted.audit ?? [],
        list: keys.openApprovals,
      });
      if (answer === 'done') return approval;
    }
  }

  /** The latest approval for the same request. Two people who request it at once share one approval. */
  const approvalIn = (asked: string) => redis.get(keys.approvalSlot(asked));

  /** Makes `id` the latest approval; false if another process was first. */
  const takeApprovalSlot = async (asked: string, before: string | null, id: string): Promise<boolean> =>
    (await takeSlot(redis, [keys.approvalSlot(asked)], [before ?? '', id])) === 1;

  const listApprovals = async () => readMany<Approval>(await redis.zrange(keys.openApprovals, 0, '-1'));

  /** Each alert with its measures and approvals. Costs one extra read if there are none. */
  async function viewsOf(alerts: readonly Alert[]): Promise<AlertView[]> {
    if (alerts.length === 0) return [];
    const subjects = alerts.map((alert) => [...subjectsOf(alert), alertSubject(alert.id)]);
    const all = [...new Set(subjects.flat())];
    const found = await redis.hmget(keys.recordIndex, ...all);
    const idsBySubject = new Map(
      all.flatMap((subject, index) => (found[index] ? [[subject, (found[index] as string).split(' ')]] : [])),
    );
    const ids = [...new Set([...idsBySubject.values()].flat())];
    const records = new Map(
      (await readMany<Measure | Approval>(ids)).map((record) => [record.id, record] as const),
    );
    return alerts.map((alert, index) => {
      const own = new Set((subjects[index] ?? []).flatMap((subject) => idsBySubject.get(subject) ?? []));
      const mine = [...own].flatMap((id) => records.get(id) ?? []);
      return {
        alert,
        measures: mine.filter((record): record is Measure => isMeasureId(record.id)).sort(byTime),
        approvals: mine.filter((record): record is Approval => !isMeasureId(record.id)).sort(byTime),
      };
    });
  }

  /** Removes expired records from the index of subjects. */
  async function sweepIndex(): Promise<void> {
    for await (const fields of hashPages(redis, keys.recordIndex)) {
      const subjects = [...fields.keys()];
      await forgetExpired(redis, [keys.recordIndex], subjects);
    }
  }

  const viewOf = async (alert: Alert): Promise<AlertView> => (await viewsOf([alert]))[0] as AlertView;

  return {
    approvalIn,
    takeApprovalSlot,
    get,
    namesOf,
    update,
    listOpen,
    getApproval,
    updateApproval,
    listApprovals,
    alertsOn,
    viewsOf,
    viewOf,
    sweepIndex,
  };
}
export type MeasuresStore = ReturnType<typeof createMeasuresStore>;

const byTime = (a: { at: string; id: string }, b: { at: string; id: string }) =>
  a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : 1;
