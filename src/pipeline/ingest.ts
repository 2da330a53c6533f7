import { type Alert, addExecutions, exceptedBy, newAlert, summarize } from '../domain/alerts/alert';
import type { Facts } from '../domain/alerts/facts';
import { type JudgeContext, judge } from '../domain/alerts/judge';
import { isRaised, severityChangeText, withLaterChanges } from '../domain/alerts/later-changes';
import { runwatchActor } from '../domain/people/person';
import type { Execution } from '../domain/techniques/execution';
import { plainLine } from '../domain/text/plain-text';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import type { Store } from '../store/store';
import { enrich, joinFacts, refreshTimeline } from './enrich/enrich';
import type { EnrichDeps } from './enrich/enrichment-part';
import { withSharedReads } from './enrich/shared-reads';
import { assignToAlerts, finishMerge, toExecutions } from './group';
import type { CompleteJob, EventsJob, Queues } from './queues';
import { ownChannels } from './remind';

export interface IngestDeps extends EnrichDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll' | 'deliverFirst' | 'complete'>;
  metrics: Metrics;
  log: Log;
  judging: JudgeContext;
  now: () => number;
}

/** Turns new events into alerts: enriches, judges and stores them, and queues their delivery. Idempotent. */
export async function ingest({ events }: EventsJob, deps: IngestDeps): Promise<void> {
  const { store, queues } = deps;
  const executions = await toExecutions(events, store.runs);
  await store.history.note(executions, deps.now());
  const { byAlert, merged } = await assignToAlerts(executions, store);
  const absorbed = await readMerged(merged, store);
  for (const { alert, into } of absorbed)
    byAlert.set(into, [...(byAlert.get(into) ?? []), ...alert.executions]);
  const exceptions = await store.exceptions.list();
  const forAll = { ...deps, store: withSharedReads(store), judging: await withActiveWatches(deps) };
  const alerts = [...byAlert];
  for (let i = 0; i < alerts.length; i += chunkSize) {
    const chunk = alerts.slice(i, i + chunkSize);
    const known = await store.alerts.getMany(chunk.map(([id]) => id));
    const stored = await Promise.all(
      chunk.map(([id, theirs], index) => raise(id, theirs, known[index] ?? null, exceptions, forAll)),
    );
    const shown = stored.filter((alert) => alert?.announced).map((alert) => (alert as Alert).id);
    if (chunk.length > 1) await queues.deliverFirst(store.surfaces, shown);
    else await queues.deliverAll(store.surfaces, shown);
  }
  for (const { alert, into } of absorbed) await closeMerged(alert, into, deps);
}

/** The stored alerts that became part of another one, with the latter's id. */
async function readMerged(
  merged: readonly [from: string, into: string][],
  { alerts }: Pick<Store, 'alerts'>,
): Promise<{ alert: Alert; into: string }[]> {
  const docs = await alerts.getMany(merged.map(([from]) => from));
  return merged.flatMap(([, into], index) => {
    const alert = docs[index];
    return alert ? [{ alert, into }] : [];
  });
}

/** Closes an alert whose executions another alert took. Its measures stay and can be undone on both. */
async function closeMerged({ id }: Alert, into: string, deps: IngestDeps): Promise<void> {
  const { store, queues } = deps;
  const at = new Date(deps.now()).toISOString();
  const stored = await store.alerts.update(id, (current) => {
    if (!current || current.mergedInto) return null;
    const note = `merged into ${into}`;
    return {
      alert: {
        ...current,
        mergedInto: into,
        state: 'closed',
        history: [...current.history, { to: 'closed', by: runwatchActor, at, note }],
        updatedAt: at,
      },
      audit: [
        { at, by: runwatchActor, action: 'close', alertId: id, object: null, result: 'done', why: note },
      ],
    };
  });
  if (!stored) return;
  await finishMerge(id, into, stored.executions, store);
  if (stored.announced) await queues.deliverAll(store.surfaces, [id]);
}

/** Adds the watches currently in force to the judge context. */
async function withActiveWatches({ store, judging, now }: IngestDeps): Promise<JudgeContext> {
  const watches = await store.watches.list(now());
  return {
    ...judging,
    watched: new Map(watches.map(({ owner, since }) => [owner, since ? Date.parse(since) : 0])),
  };
}

/** In a flood, the first chunk of alerts is sent while later ones are still being enriched. */
const chunkSize = 100;

async function raise(
  id: string,
  executions: Execution[],
  known: Alert | null,
  exceptions: Awaited<ReturnType<Store['exceptions']['list']>>,
  deps: IngestDeps,
): Promise<Alert | null> {
  const { store, queues, metrics, judging } = deps;
  if (known?.mergedInto) {
    const into = await store.alerts.get(known.mergedInto);
    return raise(known.mergedInto, executions, into, exceptions, deps);
  }
  const at = new Date(deps.now()).toISOString();
  const draft = known ? addExecutions(known, executions) : newAlert(id, executions, at);
  if (known?.ready && draft === known) return known;
  const grew = draft.executions.length !== known?.executions.length;
  const facts: Facts = known?.ready && !grew ? known.facts : await enrich(draft, deps);
  const stored = await store.alerts.update(
    id,
    (current) => {
      if (current?.mergedInto) return null;
      const merged = current ? addExecutions(current, executions) : draft;
      if (current?.ready && merged === current) return null;
      const joined = current?.ready ? joinFacts(current.facts, facts) : facts;
      const judged = judge({ ...merged, facts: joined, updatedAt: at }, exceptions, judging);
      return { alert: withLaterChanges(current, judged, at) };
    },
    known,
  );
  if (stored?.mergedInto) return raise(id, executions, stored, exceptions, deps);
  if (stored && !known) {
    metrics.alerts.inc({ technique: stored.technique, verdict: stored.verdict });
    const { technique, verdict, severity, score } = stored;
    deps.log.info({ alertId: id, technique, verdict, severity, score }, 'an alert was raised');
  }
  if (known && stored) await sayRaised(known, stored, deps);
  for (const { exception } of stored ? exceptedBy(stored) : []) await store.exceptions.noteUse(exception, id);
  const ended = known?.ready && stored && hasNewOutcome(known, stored);
  if (ended || missingFacts(facts).length > 0) {
    const delay = ended ? 0 : 2000;
    await queues.complete.add(
      'complete',
      { alertId: id },
      { delay, deduplication: { id, keepLastIfActive: true } },
    );
  }
  return stored;
}

/** Posts a notice when the severity of a shown alert was raised, because an updated message is easily missed. */
async function sayRaised(before: Alert, after: Alert, deps: IngestDeps): Promise<void> {
  const { store, queues } = deps;
  const change = after.severityChanges.at(-1);
  if (!change || !isRaised(change) || after.severityChanges.length === before.severityChanges.length) return;
  const { technique, caller } = summarize(after);
  const notice = {
    id: `notice-severity-${after.id}-${change.at}`,
    text: `${after.id} was ${severityChangeText(change)}. ${technique.title} by ${plainLine(caller.name, 80)}.`,
    channels: await ownChannels(after, deps),
  };
  if (await store.deliveries.addNotice(notice, store.surfaces))
    await queues.deliverAll(store.surfaces, [notice.id]);
}

/** When an execution ends, its output and exit code may be available. */
function hasNewOutcome(before: Alert, after: Alert): boolean {
  const running = new Set(
    before.executions.filter(({ status }) => status === 'started').map(({ key }) => key),
  );
  return after.executions.some(({ key, status }) => status !== 'started' && running.has(key));
}

/**
 * Enriches again with a longer time limit, after missing facts or new events.
 * Throws while facts are still missing, so that the job is retried.
 */
export async function complete({ alertId, part }: CompleteJob, deps: IngestDeps): Promise<void> {
  const { store, queues } = deps;
  const alert = await store.alerts.get(alertId);
  if (!alert || alert.mergedInto) return;
  const facts = part === 'timeline' ? await refreshTimeline(alert, deps) : await enrich(alert, deps, 60_000);
  const exceptions = await store.exceptions.list();
  const judging = await withActiveWatches(deps);
  const stored = await store.alerts.update(
    alertId,
    (current) => {
      if (!current) return null;
      const judged = judge({ ...current, facts: joinFacts(current.facts, facts) }, exceptions, judging);
      const at = new Date(deps.now()).toISOString();
      const alert = withLaterChanges(current, judged, at);
      if (JSON.stringify(alert) === JSON.stringify(current)) return null;
      return { alert: { ...alert, updatedAt: at } };
    },
    alert,
  );
  if (stored?.announced) await queues.deliverAll(store.surfaces, [alertId]);
  if (stored) await sayRaised(alert, stored, deps);
  if (part) return;
  const lacking = missingFacts(facts);
  if (lacking.length > 0) {
    throw new Error(
      `${summarize(alert).target.name}: ${lacking.map((m) => `${m.what}: ${m.why}`).join('; ')}`,
    );
  }
}

const missingFacts = (facts: Facts) => (facts.missing ?? []).filter((missing) => !missing.final);
