import { type Alert, addExecutions, exceptedBy, newAlert, summarize } from '../domain/alerts/alert';
import type { Facts } from '../domain/alerts/facts';
import { type JudgeContext, judge } from '../domain/alerts/judge';
import { withLaterChanges } from '../domain/alerts/later-changes';
import { reopenAsNew, uncontain } from '../domain/alerts/transitions';
import type { AuditDraft } from '../domain/audit/audit-chain';
import type { Exception } from '../domain/exceptions/exception';
import { runwatchActor } from '../domain/people/person';
import type { Execution } from '../domain/techniques/execution';
import { counted } from '../domain/text/translate';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import { span } from '../runtime/tracing';
import type { Store } from '../store/store';
import { enrich, joinFacts } from './enrich/enrich';
import { withinLimits } from './enrich/enrich-script';
import type { EnrichDeps } from './enrich/enrichment-part';
import { takeOver } from './merge-alerts';
import type { Queues } from './queues';
import { readEvidenceLater } from './read-evidence';
import { sayGrown, sayRaised } from './say-changes';

export interface RaiseDeps extends EnrichDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll' | 'complete' | 'evidence'>;
  metrics: Metrics;
  log: Log;
  judging: JudgeContext;
  exceptions: readonly Exception[];
  now: () => number;
}

/** Executions for an alert, and the alerts that became part of it. */
export interface Raised {
  id: string;
  executions: readonly Execution[];
  merged?: readonly Alert[];
}

/**
 * Adds executions to an alert: enriches, judges and stores it. Idempotent.
 * @param known as it was read, null if it does not exist
 */
export async function raiseAlert(
  { id, executions, merged = [] }: Raised,
  known: Alert | null,
  deps: RaiseDeps,
): Promise<Alert | null> {
  const { store } = deps;
  const into = (current: Alert) => raiseInto(current, { executions, merged }, deps);
  if (known?.mergedInto) return into(known);
  const at = new Date(deps.now()).toISOString();
  const draft = known ? addExecutions(known, executions) : newAlert(id, executions, at);
  const isUnchanged = (current: Alert | null, next: Alert) =>
    current?.ready === true && next === current && takeOver(current, merged) === current;
  if (known && isUnchanged(known, draft)) {
    await followUp(known, known, known.facts, deps);
    return known;
  }
  const facts =
    known?.ready && !lacksFacts(draft) ? known.facts : await span('enrich', {}, () => enrich(draft, deps));
  let before = known;
  const change = (current: Alert | null) => {
    // Another process may have raised it since it was read.
    before = current;
    if (current?.mergedInto) return null;
    const grown = current ? addExecutions(current, executions) : draft;
    if (isUnchanged(current, grown)) return null;
    const joined = withinLimits(current?.ready ? joinFacts(current.facts, facts) : facts);
    const changed = afterGrowth(current, takeOver(grown, merged), at);
    const judged = judgeTraced({ ...changed.alert, facts: joined, updatedAt: at }, deps);
    const first = judged.announced && !current?.announced;
    const alert = withLaterChanges(current, withoutBodies(judged), at);
    return { alert: first ? { ...alert, raisedAt: at } : alert, audit: changed.audit };
  };
  const stored = await span('store', {}, () => store.alerts.update(id, change, known));
  if (stored?.mergedInto) return into(stored);
  if (stored) await followUp(before, stored, facts, deps, draft);
  return stored;
}

const judgeTraced = (alert: Alert, { exceptions, judging }: RaiseDeps): Alert =>
  span('judge', {}, ({ set }) => {
    const judged = judge(alert, exceptions, judging);
    const { technique, verdict, severity, score } = judged;
    set({
      'runwatch.alert.technique': technique,
      'runwatch.alert.verdict': verdict,
      'runwatch.alert.severity': severity,
      'runwatch.alert.score': score,
    });
    return judged;
  });

async function raiseInto(
  { mergedInto }: Alert,
  rest: Omit<Raised, 'id'>,
  deps: RaiseDeps,
): Promise<Alert | null> {
  const id = mergedInto as string;
  return raiseAlert({ id, ...rest }, await deps.store.alerts.get(id), deps);
}

/** Executions without facts: new ones, and those of bursts stored before 0.2. */
const lacksFacts = ({ executions, facts }: Alert): boolean =>
  executions.some(({ key }) => !facts.runs?.[key]);

/**
 * What new executions change in an alert that people responded to. A closed one is reopened, because nobody
 * saw them. A contained one with a new machine is no longer contained.
 */
function afterGrowth(before: Alert | null, after: Alert, at: string): { alert: Alert; audit: AuditDraft[] } {
  const known = new Set(before?.executions.map(({ key }) => key));
  const added = after.executions.filter(({ key }) => !known.has(key));
  if (!before || added.length === 0) return { alert: after, audit: [] };
  const note = counted(added.length, '# more command by this caller', '# more commands by this caller');
  const move = { by: runwatchActor, at, note };
  if (before.state === 'closed') {
    const entry = {
      at,
      by: runwatchActor,
      alertId: after.id,
      object: null,
      result: 'done' as const,
      why: note,
    };
    return { alert: reopenAsNew(after, move), audit: [{ ...entry, action: 'reopen' }] };
  }
  const machines = new Set(before.executions.map(({ target }) => target.id.toLowerCase()));
  const isNew = added.some(({ target, refused }) => !refused && !machines.has(target.id.toLowerCase()));
  return { alert: isNew ? uncontain(after, move) : after, audit: [] };
}

/** A logged request is only needed to read its script, and would make a burst's alert very large. */
function withoutBodies(alert: Alert): Alert {
  const isDone = ({ key, requestBody }: Execution) => requestBody !== null && alert.facts.runs?.[key]?.final;
  if (!alert.executions.some(isDone)) return alert;
  const executions = alert.executions.map((execution) =>
    isDone(execution) ? { ...execution, requestBody: null } : execution,
  );
  return { ...alert, executions };
}

/** Counts, notices and later work. Repeated when the job is, in case a crash came between. */
async function followUp(
  before: Alert | null,
  after: Alert,
  facts: Facts,
  deps: RaiseDeps,
  draft: Alert = after,
): Promise<void> {
  const { store, queues, metrics, log } = deps;
  if (!before || (after.announced && !before.announced)) {
    const { technique, verdict, severity, score } = after;
    metrics.alerts.inc({ technique, verdict });
    log.info({ alertId: after.id, technique, verdict, severity, score }, 'an alert was raised');
  }
  await sayRaised(after, deps);
  await sayGrown(after, deps);
  for (const { exception } of exceptedBy(after))
    await store.exceptions.noteUse(exception, after.id, Date.parse(after.raisedAt));
  await readEvidenceLater(after, deps);
  const isOutdated =
    before !== after && (hasNewOutcome(before, after) || after.executions.length !== draft.executions.length);
  const isUnread = after.executions.some(
    ({ key, status }) => status !== 'started' && after.facts.runs?.[key]?.final === false,
  );
  if (!isOutdated && !isUnread && missingFacts(facts).length === 0) return;
  await queues.complete.add(
    'complete',
    { alertId: after.id },
    { delay: isOutdated || isUnread ? 0 : 2000, deduplication: { id: after.id, keepLastIfActive: true } },
  );
}

/** When an execution ends, its output and exit code may be available. */
function hasNewOutcome(before: Alert | null, after: Alert): boolean {
  if (!before?.ready) return false;
  const running = new Set(
    before.executions.filter(({ status }) => status === 'started').map(({ key }) => key),
  );
  return after.executions.some(({ key, status }) => status !== 'started' && running.has(key));
}

export const missingFacts = (facts: Facts) => (facts.missing ?? []).filter((missing) => !missing.final);

/** The name of an alert's first machine, for errors. */
export const machineNameOf = (alert: Alert): string => summarize(alert).target.name;
