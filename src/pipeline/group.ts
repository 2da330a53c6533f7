import type { ActivityEvent } from '../domain/activity/activity-event';
import { alertIdOf, burstIdOf } from '../domain/alerts/alert';
import { burstKeyOf, burstWindowMs, minBurstMachines } from '../domain/alerts/bursts';
import { detectTechnique } from '../domain/techniques/catalogue';
import { type Execution, executionFrom, executionKey, mergeExecutions } from '../domain/techniques/execution';
import { assignRuns, type Run } from '../domain/techniques/runs';
import type { AlertsStore } from '../store/alerts-store';
import type { RunsStore } from '../store/events/runs-store';

/** Run store shared by all processes. Without it, each call starts with no known runs. */
type Runs = Pick<RunsStore, 'update'>;

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

/**
 * Assigns each execution to an alert: one that already claimed it, a burst of its caller, or its own.
 * Claims are stored, so the result is the same after a crash.
 */
export async function assignToAlerts(
  executions: readonly Execution[],
  alerts: Pick<AlertsStore, 'get' | 'alertIdsOf' | 'claim' | 'noteMachines' | 'burstOf'>,
): Promise<Map<string, Execution[]>> {
  const known = await alerts.alertIdsOf(executions.map((execution) => execution.key));
  const byAlert = new Map<string, Execution[]>();
  const addTo = (alertId: string, execution: Execution) =>
    byAlert.set(alertId, [...(byAlert.get(alertId) ?? []), execution]);
  const unclaimed = new Map<string, Execution[]>();
  executions.forEach((execution, index) => {
    const alertId = known[index];
    if (alertId) addTo(alertId, execution);
    else {
      const key = burstKeyOf(execution);
      unclaimed.set(key, [...(unclaimed.get(key) ?? []), execution]);
    }
  });
  const wanted = await Promise.all(
    [...unclaimed].map(async ([callerKey, fresh]) => {
      const burst = await burstFor(callerKey, fresh, alerts);
      return fresh.map((execution) => ({ execution, alertId: burst ?? alertIdOf(execution.key) }));
    }),
  );
  const claims = wanted.flat();
  const owners = await alerts.claim(claims.map(({ execution, alertId }) => [execution.key, alertId]));
  claims.forEach(({ execution, alertId }, index) => {
    addTo(owners[index] ?? alertId, execution);
  });
  return byAlert;
}

async function burstFor(
  callerKey: string,
  fresh: readonly Execution[],
  alerts: Pick<AlertsStore, 'get' | 'noteMachines' | 'burstOf'>,
): Promise<string | null> {
  const newest = Math.max(...fresh.map((execution) => Date.parse(execution.startedAt)));
  const machines = new Map(
    fresh.map((execution) => [execution.target.id.toLowerCase(), Date.parse(execution.startedAt)]),
  );
  const recent = await alerts.noteMachines(callerKey, machines, newest - burstWindowMs);
  if (recent.size < minBurstMachines) return null;
  const first = [...fresh].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))[0] as Execution;
  const id = burstIdOf(callerKey, first.key);
  const burst = await alerts.burstOf(callerKey, id, burstWindowMs / 1000);
  if (burst === id || (await alerts.get(burst))?.state !== 'closed') return burst;
  return alerts.burstOf(callerKey, id, burstWindowMs / 1000, burst);
}
