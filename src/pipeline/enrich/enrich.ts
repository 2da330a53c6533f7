import { type Alert, summarize } from '../../domain/alerts/alert';
import type { Facts, Missing, RunFacts } from '../../domain/alerts/facts';
import { access } from './enrich-access';
import { address } from './enrich-address';
import { who } from './enrich-caller';
import { history } from './enrich-history';
import { machine } from './enrich-machine';
import { script } from './enrich-script';
import { similar } from './enrich-similar';
import { timeline } from './enrich-timeline';
import { workers } from './enrich-workers';
import type { EnrichDeps, Part } from './enrichment-part';
import { whyMissing } from './read-each';

/** After this long, the alert is sent even if some enrichment is still pending, ms. */
export const enrichmentLimitMs = 5000;

const parts: readonly Part[] = [access, who, machine, script, address, workers];

/** Runs all parts in parallel. A part that fails or times out is listed in `missing`. */
export async function enrich(alert: Alert, deps: EnrichDeps, limitMs = enrichmentLimitMs): Promise<Facts> {
  const missing: Missing[] = [];
  const askAll = (asked: readonly Part[], about: Alert) =>
    withDeadline(limitMs, (late) =>
      asked.map(async ({ what, endsInTime, ask }) => {
        try {
          const answer = deps.azure.byPriority(priorityOf(alert), () => ask(about, deps, late));
          const found = await (endsInTime ? answer : Promise.race([answer, late]));
          missing.push(...(found.missing ?? []));
          return found;
        } catch (error) {
          missing.push({ what, ...whyMissing(error) });
          return {};
        }
      }),
    );
  const found = await askAll(parts, alert);
  const facts = found.reduce(joinFacts, alert.facts);
  const around = await askAll([history, timeline, similar], { ...alert, facts });
  return { ...around.reduce(joinFacts, facts), missing };
}

/** What was read after an execution ended stays. A slower reader may have seen only its start. */
const joinRuns = (known: Record<string, RunFacts>, found: Record<string, RunFacts>) => ({
  ...known,
  ...Object.fromEntries(Object.entries(found).filter(([key, run]) => run.final || !known[key]?.final)),
});

/** Facts with those of another reading. Those of machines, executions and scripts add up. */
export const joinFacts = (known: Facts, found: Facts): Facts => ({
  ...known,
  ...found,
  ...(known.machines || found.machines ? { machines: { ...known.machines, ...found.machines } } : {}),
  ...(known.runs || found.runs ? { runs: joinRuns(known.runs ?? {}, found.runs ?? {}) } : {}),
  ...(known.prevalence || found.prevalence
    ? { prevalence: { ...known.prevalence, ...found.prevalence } }
    : {}),
  ...(known.workerGroups || found.workerGroups
    ? { workerGroups: { ...known.workerGroups, ...found.workerGroups } }
    : {}),
  ...(known.scripts || found.scripts ? { scripts: { ...known.scripts, ...found.scripts } } : {}),
});

/** More severe alerts are read first while Azure limits reads. */
const priorityOf = (alert: Alert): number =>
  alert.ready ? alert.score : summarize(alert).technique.baseScore;

const never = new Promise<never>(() => {});

/** Reads only the timeline. Sends no request to Azure. */
export const refreshTimeline = (alert: Alert, deps: EnrichDeps): Promise<Facts> =>
  timeline.ask(alert, deps, never);

async function withDeadline<T>(ms: number, work: (late: Promise<never>) => Promise<T>[]): Promise<T[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.all(work(late));
  } finally {
    clearTimeout(timer);
  }
}
