import type { ActivityEvent } from '../domain/activity/activity-event';
import {
  arrivalOf,
  assignToSessions,
  currentAlert,
  groupGapMs,
  type Session,
  sessionKeyOf,
} from '../domain/alerts/groups';
import { detectTechnique } from '../domain/techniques/catalogue';
import { type Execution, executionFrom, executionKey, mergeExecutions } from '../domain/techniques/execution';
import { assignRuns, type Run } from '../domain/techniques/runs';
import type { RunsStore } from '../store/events/runs-store';
import type { Store } from '../store/store';

/** Run store shared by all processes. Without it, each call starts with no known runs. */
type Runs = Pick<RunsStore, 'update'>;

/** Where claims and sessions are stored. */
export interface GroupStore {
  alerts: Pick<Store['alerts'], 'alertIdsOf' | 'claim' | 'reclaim' | 'closedAmong'>;
  sessions: Store['sessions'];
}

/** Groups events, in any order, into executions. Continues runs that are already known. */
export async function toExecutions(events: readonly ActivityEvent[], runs?: Runs): Promise<Execution[]> {
  const byBase = new Map<string, ActivityEvent[]>();
  for (const event of events) {
    if (!detectTechnique(event.operation)) continue;
    const base = executionKey(event);
    byBase.set(base, [...(byBase.get(base) ?? []), event]);
  }
  const keysOf = new Map<string, string[]>();
  const assign = (base: string, known: readonly Run[]): Run[] => {
    const assigned = assignRuns(base, known, byBase.get(base) ?? []);
    keysOf.set(base, assigned.keyOf);
    return assigned.runs;
  };
  if (runs && byBase.size > 0) await runs.update([...byBase.keys()], assign);
  else for (const base of byBase.keys()) assign(base, []);
  const byKey = new Map<string, Execution>();
  for (const [base, seen] of byBase) {
    for (const [index, event] of seen.entries()) {
      const execution = executionFrom(event, keysOf.get(base)?.[index]);
      if (!execution) continue;
      const known = byKey.get(execution.key);
      byKey.set(execution.key, known ? mergeExecutions(known, execution) : execution);
    }
  }
  return [...byKey.values()];
}

/** Executions by alert, and the alerts that became part of another: [from, into]. */
export interface Assigned {
  byAlert: Map<string, Execution[]>;
  merged: [from: string, into: string][];
}

/**
 * Assigns each execution to an alert: the one that already claimed it, or that of its group. Sessions and
 * claims are stored, so the result is the same after a crash.
 */
export async function assignToAlerts(
  executions: readonly Execution[],
  { alerts, sessions }: GroupStore,
): Promise<Assigned> {
  const owners = await alerts.alertIdsOf(executions.map((execution) => execution.key));
  const fresh = executions.filter((_, index) => !owners[index]);
  const bySession = new Map<string, Execution[]>();
  for (const execution of fresh) {
    const key = sessionKeyOf(execution);
    bySession.set(key, [...(bySession.get(key) ?? []), execution]);
  }
  const sessionKeys = [...new Set(executions.map(sessionKeyOf))];
  const closed = await alerts.closedAmong(groupIdsOf((await sessions.list(sessionKeys)).flat(), fresh));
  const wanted = new Map<string, string>();
  await sessions.update([...bySession.keys()], (key, known) => {
    const theirs = bySession.get(key) ?? [];
    const assigned = assignToSessions(key, known, theirs.map(arrivalOf), closed);
    theirs.forEach((execution, index) => {
      wanted.set(execution.key, assigned.alertOf[index] as string);
    });
    return assigned.sessions;
  });
  const claims = await alerts.claim(fresh.map(({ key }) => [key, wanted.get(key) as string]));
  const claimed = new Map(fresh.map(({ key }, index) => [key, claims[index] as string]));
  const current = (await sessions.list(sessionKeys)).flat();
  const byAlert = new Map<string, Execution[]>();
  executions.forEach((execution, index) => {
    const alertId = currentAlert(current, owners[index] ?? (claimed.get(execution.key) as string));
    byAlert.set(alertId, [...(byAlert.get(alertId) ?? []), execution]);
  });
  const merged = current.flatMap((session) =>
    session.merged.map(([from]): [string, string] => [from, currentAlert(current, from)]),
  );
  return { byAlert, merged };
}

/** The groups that could take these executions. */
function groupIdsOf(sessions: readonly Session[], fresh: readonly Execution[]): string[] {
  const earliest = fresh.reduce((min, { startedAt }) => Math.min(min, Date.parse(startedAt)), Infinity);
  return sessions
    .filter(({ last }) => last >= earliest - groupGapMs)
    .flatMap(({ burst, machines }) => [...(burst ? [burst] : []), ...Object.values(machines)])
    .map(({ id }) => id);
}

/**
 * Points the claims of a merged alert's executions to the alert that took them, and forgets the merge. Until
 * then, each new event of the caller repeats the merge.
 */
export async function finishMerge(
  from: string,
  into: string,
  executions: readonly Execution[],
  { alerts, sessions }: GroupStore,
): Promise<void> {
  await alerts.reclaim(executions.map(({ key }) => [key, into]));
  const keys = [...new Set(executions.map(sessionKeyOf))];
  await sessions.update(keys, (_, known) =>
    known.map((session) => ({
      ...session,
      merged: session.merged.filter(([id]) => id !== from),
    })),
  );
}
