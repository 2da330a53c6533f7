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
  const askAll = async (asked: readonly Part[], about: Alert): Promise<Facts[]> => {
    const found = new Map<Part, Facts>();
    const note = (part: Part, facts: Facts) => {
      if (!found.has(part)) missing.push(...(facts.missing ?? []));
      found.set(part, found.get(part) ?? facts);
    };
    const lacking = (part: Part, error: unknown): Facts => ({
      missing: [{ what: part.what, ...whyMissing(error) }],
    });
    await withDeadline(limitMs, async (late) => {
      const ask = async (part: Part) => {
        try {
          note(part, await span(`enrich ${part.what}`, {}, () => part.ask(about, deps, late)));
        } catch (error) {
          note(part, lacking(part, error));
        }
      };
      const asking = asked.map((part) => ({ part, answer: ask(part) }));
      const all = Promise.all(asking.map(({ answer }) => answer));
      await Promise.race([all, late]).catch(async (error) => {
        await Promise.all(asking.flatMap(({ part, answer }) => (part.endsInTime ? [answer] : [])));
        for (const part of asked) note(part, lacking(part, error));
      });
    });
    return asked.flatMap((part) => found.get(part) ?? []);
  };
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

type Join<T> = (known: T, found: T) => T;
const add = <T extends object>(known: T, found: T): T => ({ ...known, ...found });

/** How facts that both readings have are joined. Of others, the later reading is kept. */
const joins: { [Name in keyof Facts]?: Join<NonNullable<Facts[Name]>> } = {
  machines: add,
  runs: joinRuns,
  prevalence: add,
  workerGroups: add,
  guest: joinGuests,
  signIns: laterOf,
  scripts: add,
  fetched: add,
};

/** Facts with those of another reading. Those of machines, executions and scripts add up. */
export function joinFacts(known: Facts, found: Facts): Facts {
  const joined: Record<string, unknown> = { ...known };
  for (const [name, value] of Object.entries(found)) {
    const join = joins[name as keyof Facts] as Join<unknown> | undefined;
    const before = joined[name];
    joined[name] = join && before && value ? join(before, value) : join ? (value ?? before) : value;
  }
  return joined as Facts;
}

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

async function withDeadline<T>(ms: number, work: (late: Promise<never>) => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await work(late);
  } finally {
    clearTimeout(timer);
  }
}
