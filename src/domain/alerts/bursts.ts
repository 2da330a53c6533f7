import type { Execution } from '../techniques/execution';
import { alertIdOf, burstIdOf, callerKeyOf } from './alert';

/** One caller using one technique on this many machines within the window becomes one growing alert. */
export const minBurstMachines = 10;
export const burstWindowMs = 10 * 60_000;

/** A burst has one caller and one technique. */
export const burstKeyOf = ({ caller, technique }: Execution): string => `${callerKeyOf(caller)} ${technique}`;

/**
 * Groups executions by the alert that they would have belonged to if each had been processed as it happened.
 */
export function groupBursts(executions: readonly Execution[]): Map<string, Execution[]> {
  const byAlert = new Map<string, Execution[]>();
  const recent = new Map<string, Execution[]>();
  const burstOf = new Map<string, { id: string; last: number }>();
  const ordered = [...executions].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  for (const execution of ordered) {
    const key = burstKeyOf(execution);
    const at = Date.parse(execution.startedAt);
    const near = (recent.get(key) ?? []).filter((each) => Date.parse(each.startedAt) >= at - burstWindowMs);
    near.push(execution);
    recent.set(key, near);
    const known = burstOf.get(key);
    const machines = new Set(near.map(({ target }) => target.id.toLowerCase()));
    if (known && known.last >= at - burstWindowMs) {
      known.last = at;
      byAlert.get(known.id)?.push(execution);
    } else if (machines.size >= minBurstMachines) {
      const id = burstIdOf(key, (near[0] as Execution).key);
      burstOf.set(key, { id, last: at });
      for (const each of near) byAlert.delete(alertIdOf(each.key));
      byAlert.set(id, [...near]);
    } else byAlert.set(alertIdOf(execution.key), [execution]);
  }
  return byAlert;
}
