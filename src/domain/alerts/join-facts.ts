import type { Execution } from '../techniques/execution';
import { type Alert, summarize } from './alert';
import type { MachineFacts, RunFacts, ScriptFacts } from './facts';

/** An alert's executions and the facts about them. */
export type Known = Pick<Alert, 'executions' | 'facts'> & Partial<Pick<Alert, 'exceptionOf'>>;

export const machineFactsOf = (
  { facts }: Pick<Alert, 'facts'>,
  { target }: Pick<Execution, 'target'>,
): MachineFacts | undefined => facts.machines?.[target.id.toLowerCase()];

export const runFactsOf = (
  { facts }: Pick<Alert, 'facts'>,
  { key }: Pick<Execution, 'key'>,
): RunFacts | undefined => facts.runs?.[key];

export function scriptFactsOf(
  { facts }: Pick<Alert, 'facts'>,
  execution: Pick<Execution, 'key'>,
): ScriptFacts | undefined {
  const id = runFactsOf({ facts }, execution)?.script;
  return id ? facts.scripts?.[id] : undefined;
}

/** The ARM id of the hybrid worker group that runs an Automation job; null for others. */
export const workerGroupIdOf = ({ target, finding }: Execution): string | null =>
  finding?.group ? `${target.id}/hybridRunbookWorkerGroups/${finding.group}` : null;

/** The machine of the first execution that the alert is about. */
export const firstMachine = (alert: Known): MachineFacts | undefined =>
  machineFactsOf(alert, summarize(alert).first);

/** The known machines that the alert is about, each once. */
export function knownMachines(alert: Known): MachineFacts[] {
  const { executions } = summarize(alert);
  const ids = new Set(executions.map(({ target }) => target.id.toLowerCase()));
  return [...ids].flatMap((id) => alert.facts.machines?.[id] ?? []);
}

/** How many of the alert's machines are in each environment, most first; null if unknown or in none. */
export function environmentsOf(alert: Known): { environment: string | null; count: number }[] {
  const { executions } = summarize(alert);
  const counts = new Map<string | null, number>();
  const byMachine = new Map(executions.map((execution) => [execution.target.id.toLowerCase(), execution]));
  for (const execution of byMachine.values()) {
    const environment = machineFactsOf(alert, execution)?.environment ?? null;
    counts.set(environment, (counts.get(environment) ?? 0) + 1);
  }
  return [...counts]
    .map(([environment, count]) => ({ environment, count }))
    .sort((a, b) => b.count - a.count || ((a.environment ?? '~') < (b.environment ?? '~') ? -1 : 1));
}

/** A script and the executions that ran it. */
export interface UsedScript {
  script: ScriptFacts;
  executions: Execution[];
}

/** The scripts that the alert is about: the most suspicious first, then the most used. */
export function usedScripts(alert: Known): UsedScript[] {
  const used = new Map<string, UsedScript>();
  for (const execution of summarize(alert).executions) {
    const id = runFactsOf(alert, execution)?.script;
    const script = id ? alert.facts.scripts?.[id] : undefined;
    if (!id || !script) continue;
    const known = used.get(id);
    if (known) known.executions.push(execution);
    else used.set(id, { script, executions: [execution] });
  }
  return [...used.values()].sort(
    (a, b) => b.script.traits.length - a.script.traits.length || b.executions.length - a.executions.length,
  );
}

/** The most suspicious script, or the most used. */
export const leadScript = (alert: Known): ScriptFacts | undefined => usedScripts(alert)[0]?.script;
