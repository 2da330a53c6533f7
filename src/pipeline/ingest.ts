import { type Alert, addExecutions, newAlert, summarize } from '../domain/alerts/alert';
import type { Facts } from '../domain/alerts/facts';
import { type JudgeContext, judge } from '../domain/alerts/judge';
import type { Execution } from '../domain/techniques/execution';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import type { Store } from '../store/store';
import { enrich, refreshTimeline } from './enrich/enrich';
import type { EnrichDeps } from './enrich/enrichment-part';
import { withSharedReads } from './enrich/shared-reads';
import { assignToAlerts, toExecutions } from './group';
import type { CompleteJob, EventsJob, Queues } from './queues';

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
  const executions = await toExecutions(events, deps.store.runs);
  await deps.store.history.note(executions, deps.now());
  const byAlert = await assignToAlerts(executions, deps.store.alerts);
  const exceptions = await deps.store.exceptions.list();
  const forAll = { ...deps, store: withSharedReads(deps.store), judging: await withActiveWatches(deps) };
  const alerts = [...byAlert];
  for (let i = 0; i < alerts.length; i += chunkSize) {
    const chunk = alerts.slice(i, i + chunkSize);
    const known = await deps.store.alerts.getMany(chunk.map(([id]) => id));
    const stored = await Promise.all(
      chunk.map(([id, executions], index) => raise(id, executions, known[index] ?? null, exceptions, forAll)),
    );
    const shown = stored.filter((alert) => alert?.announced).map((alert) => (alert as Alert).id);
    if (chunk.length > 1) await deps.queues.deliverFirst(deps.store.surfaces, shown);
    else await deps.queues.deliverAll(deps.store.surfaces, shown);
  }
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
  const at = new Date(deps.now()).toISOString();
  const draft = known ? addExecutions(known, executions) : newAlert(id, executions, at);
  if (known?.ready && draft === known) return known;
  const facts: Facts = known?.ready ? known.facts : await enrich(draft, deps);
  const stored = await store.alerts.update(
    id,
    (current) => {
      const merged = current ? addExecutions(current, executions) : draft;
      if (current?.ready && merged === current) return null;
      const judged = judge(
        { ...merged, facts: current?.ready ? current.facts : facts, updatedAt: at },
        exceptions,
        judging,
      );
      return { alert: judged };
    },
    known,
  );
  if (stored && !known) {
    metrics.alerts.inc({ technique: stored.technique, verdict: stored.verdict });
    const { technique, verdict, severity, score } = stored;
    deps.log.info({ alertId: id, technique, verdict, severity, score }, 'an alert was raised');
  }
  if (stored?.exception) await store.exceptions.noteUse(stored.exception, id);
  const ended = known?.ready && stored && statusOf(known) !== statusOf(stored);
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

/** When the status becomes final, output and exit code may be available. */
const statusOf = (alert: Alert) => summarize(alert).status;

/**
 * Enriches again with a longer time limit, after missing facts or new events.
 * Throws while facts are still missing, so that the job is retried.
 */
export async function complete({ alertId, part }: CompleteJob, deps: IngestDeps): Promise<void> {
  const { store, queues } = deps;
  const alert = await store.alerts.get(alertId);
  if (!alert) return;
  const facts = part === 'timeline' ? await refreshTimeline(alert, deps) : await enrich(alert, deps, 60_000);
  const exceptions = await store.exceptions.list();
  const judging = await withActiveWatches(deps);
  const stored = await store.alerts.update(
    alertId,
    (current) => {
      if (!current) return null;
      const judged = judge({ ...current, facts }, exceptions, judging);
      if (JSON.stringify(judged) === JSON.stringify(current)) return null;
      return { alert: { ...judged, updatedAt: new Date(deps.now()).toISOString() } };
    },
    alert,
  );
  if (stored?.announced) await queues.deliverAll(store.surfaces, [alertId]);
  if (part) return;
  const lacking = missingFacts(facts);
  if (lacking.length > 0) {
    throw new Error(
      `${summarize(alert).target.name}: ${lacking.map((m) => `${m.what}: ${m.why}`).join('; ')}`,
    );
  }
}

const missingFacts = (facts: Facts) => (facts.missing ?? []).filter((missing) => !missing.final);
