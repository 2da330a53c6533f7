import { type Alert, newAlert, summarize, withExecutions } from '../alerts/alert';
import type { Execution } from '../alerts/execution';
import type { Facts } from '../alerts/facts';
import type { Points } from '../alerts/score';
import type { Log } from '../log';
import type { Metrics } from '../metrics';
import type { Store } from '../store/store';
import { type EnrichDeps, enrich } from './enrich';
import { assignToAlerts, toExecutions } from './group';
import { judge } from './judge';
import type { CompleteJob, EventsJob, Queues } from './queues';

export interface IngestDeps extends EnrichDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll' | 'complete'>;
  metrics: Metrics;
  log: Log;
  points: Points;
  now: () => number;
}

/** New events → alerts, enriched, judged, stored, and asked to be delivered. Safe to run again from any point. */
export async function ingest({ events }: EventsJob, deps: IngestDeps): Promise<void> {
  const byAlert = await assignToAlerts(toExecutions(events), deps.store.alerts);
  const exceptions = await deps.store.exceptions.list();
  const alerts = [...byAlert];
  for (let i = 0; i < alerts.length; i += chunkSize) {
    const chunk = alerts.slice(i, i + chunkSize);
    const stored = await Promise.all(
      chunk.map(([id, executions]) => raise(id, executions, exceptions, deps)),
    );
    const shown = stored.filter((alert) => alert?.announced).map((alert) => (alert as Alert).id);
    await deps.queues.deliverAll(deps.store.surfaces, shown);
  }
}

/** The first alerts of a flood are on their way while the last are still looked into. */
const chunkSize = 100;

async function raise(
  id: string,
  executions: Execution[],
  exceptions: Awaited<ReturnType<Store['exceptions']['list']>>,
  deps: IngestDeps,
): Promise<Alert | null> {
  const { store, queues, metrics, points } = deps;
  const at = new Date(deps.now()).toISOString();
  const known = await store.alerts.get(id);
  const draft = known ? withExecutions(known, executions) : newAlert(id, executions, at);
  if (known?.ready && draft === known) return known;
  const facts: Facts = known?.ready ? known.facts : await enrich(draft, deps);
  const stored = await store.alerts.update(
    id,
    (current) => {
      const merged = current ? withExecutions(current, executions) : draft;
      if (current?.ready && merged === current) return null;
      const judged = judge(
        { ...merged, facts: current?.ready ? current.facts : facts, updatedAt: at },
        exceptions,
        points,
      );
      return { alert: judged };
    },
    known,
  );
  if (stored && !known) metrics.alerts.inc({ technique: stored.technique, verdict: stored.verdict });
  if (stored?.exception) await store.exceptions.noteUse(stored.exception, id);
  if (stored && facts.missing?.length) {
    await queues.complete.add('complete', { alertId: id }, { delay: 2000, deduplication: { id } });
  }
  return stored;
}

/** Asks again for what was missing, with more patience; throws while something still is, to be tried later. */
export async function complete({ alertId }: CompleteJob, deps: IngestDeps): Promise<void> {
  const { store, queues } = deps;
  const alert = await store.alerts.get(alertId);
  if (!alert?.facts.missing?.length) return;
  const facts = await enrich(alert, deps, 60_000);
  const exceptions = await store.exceptions.list();
  const stored = await store.alerts.update(
    alertId,
    (current) => {
      if (!current || JSON.stringify(current.facts) === JSON.stringify(facts)) return null;
      return {
        alert: judge(
          { ...current, facts, updatedAt: new Date(deps.now()).toISOString() },
          exceptions,
          deps.points,
        ),
      };
    },
    alert,
  );
  if (stored?.announced) await queues.deliverAll(store.surfaces, [alertId]);
  if (facts.missing?.length)
    throw new Error(
      `${summarize(alert).target.name}: ${facts.missing.map((m) => `${m.what}: ${m.why}`).join('; ')}`,
    );
}
