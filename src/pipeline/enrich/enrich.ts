import { type Alert, summarize } from '../../domain/alerts/alert';
import type { Facts, Missing, RunFacts } from '../../domain/alerts/facts';
import { laterOf } from '../../domain/evidence/reading';
import { span } from '../../runtime/tracing';
import { access } from './enrich-access';
import { address } from './enrich-address';
import { who } from './enrich-caller';
import { history } from './enrich-history';
import { machine } from './enrich-machine';
import { script } from './enrich-script';
import { signIns, signInsDueAt } from './enrich-sign-ins';
import { similar } from './enrich-similar';
import { timeline } from './enrich-timeline';
import { workers } from './enrich-workers';
import type { EnrichDeps, Part } from './enrichment-part';
import { whyMissing } from './read-each';
import { guestsDueAt, readGuests } from './read-guest';

/** After this long, the alert is sent even if some enrichment is still pending, ms. */
export const enrichmentLimitMs = 5000;

const parts: readonly Part[] = [access, who, machine, script, address, workers];

/** Runs all parts in parallel. A part that fails or times out is listed in `missing`. */
export const enrich = (alert: Alert, deps: EnrichDeps, limitMs = enrichmentLimitMs): Promise<Facts> =>
  deps.azure.byPriority(priorityOf(alert), () => readFacts(alert, deps, limitMs));

async function readFacts(alert: Alert, deps: EnrichDeps, limitMs: number): Promise<Facts> {
  const missing: Missing[] = [];
  const askAll = (asked: readonly Part[], about: Alert) =>
    withDeadline(limitMs, (late) =>
      asked.map(async ({ what, endsInTime, ask }) => {
        try {
          const found = await span(`enrich ${what}`, {}, () => {
            const answer = ask(about, deps, late);
            return endsInTime ? answer : Promise.race([answer, late]);
          });
          missing.push(...(found.missing ?? []));
          return found;
        } catch (error) {
          missing.push({ what, ...whyMissing(error) });
          return {};
        }
      }),
    );
  // In a flood, sign-ins follow later, so that no message waits for them.
  const asked = deps.workspaceId && !deps.azure.evidence.isBusy() ? [...parts, signIns] : parts;
  const found = await askAll(asked, alert);
  const facts = found.reduce(joinFacts, alert.facts);
  const around = await askAll([history, timeline, similar], { ...alert, facts });
  return { ...around.reduce(joinFacts, facts), missing };
}

/** What was read after an execution ended stays. A slower reader may have seen only its start. */
const joinRuns = (known: Record<string, RunFacts>, found: Record<string, RunFacts>) => ({
  ...known,
  ...Object.fromEntries(
    Object.entries(found)
      .filter(([key, run]) => run.final || !known[key]?.final)
      .map(([key, run]) => [key, keepFetched(known[key], run)]),
  ),
});

const joinGuests = (known: Facts['guest'] = {}, found: Facts['guest'] = {}): NonNullable<Facts['guest']> => ({
  ...known,
  ...Object.fromEntries(Object.entries(found).map(([id, guest]) => [id, laterOf(known[id], guest)])),
});

/** Azure has no script of these commands, so what was fetched from the machine stays. */
const keepFetched = (known: RunFacts | undefined, found: RunFacts): RunFacts =>
  known?.fetched && !found.script
    ? { ...found, script: known.script, output: found.output ?? known.output, fetched: true }
    : found;

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
  ...(known.guest || found.guest ? { guest: joinGuests(known.guest, found.guest) } : {}),
  ...(found.signIns ? { signIns: laterOf(known.signIns, found.signIns) } : {}),
  ...(known.scripts || found.scripts ? { scripts: { ...known.scripts, ...found.scripts } } : {}),
  ...(known.fetched || found.fetched ? { fetched: { ...known.fetched, ...found.fetched } } : {}),
});

/** More severe alerts are read first while Azure limits reads. */
const priorityOf = (alert: Alert): number =>
  alert.ready ? alert.score : summarize(alert).technique.baseScore;

/** Reads the logs of a workspace that are due: late ones, and those that came too late for the message. */
export async function readEvidence(alert: Alert, deps: EnrichDeps): Promise<Facts> {
  const found = await Promise.all([signIns.ask(alert, deps, never), readGuests(alert, deps)]);
  return found.reduce(joinFacts, {});
}

/** When {@link readEvidence} has something to read, ms since 1970; null if never. */
export function evidenceDueAt(alert: Alert, deps: Pick<EnrichDeps, 'workspaceId'>): number | null {
  const due = [signInsDueAt(alert, deps), guestsDueAt(alert, deps)].filter((at) => at !== null);
  return due.length > 0 ? Math.min(...due) : null;
}

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
