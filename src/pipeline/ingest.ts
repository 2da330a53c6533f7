import type { Alert } from '../domain/alerts/alert';
import type { Facts } from '../domain/alerts/facts';
import { type JudgeContext, judge } from '../domain/alerts/judge';
import { withLaterChanges } from '../domain/alerts/later-changes';
import type { Keyring } from '../runtime/keyring';
import { linkedSpan, span, traceparent } from '../runtime/tracing';
import type { Store } from '../store/store';
import { type ConfirmDeps, confirmExecutions } from './check/confirm-executions';
import { enrich, joinFacts, readEvidence, refreshTimeline } from './enrich/enrich';
import { withinLimits } from './enrich/enrich-script';
import { withSharedReads } from './enrich/shared-reads';
import { assignToAlerts, finishMerge, toExecutions } from './group';
import { closeMerged, readMerged } from './merge-alerts';
import { withoutOwnRuns } from './own-runs';
import type { CompleteJob, EventsJob, EvidenceJob, FirstMessage, Queues } from './queues';
import { machineNameOf, missingFacts, type RaiseDeps, raiseAlert } from './raise-alert';
import { readEvidenceLater } from './read-evidence';
import { sayRaised } from './say-changes';

export interface IngestDeps
  extends Omit<RaiseDeps, 'exceptions'>,
    Pick<ConfirmDeps, 'hashes' | 'detections'> {
  store: Store;
  queues: Pick<Queues, 'deliverAll' | 'deliverFirst' | 'complete' | 'evidence'>;
  keyring: Pick<Keyring, 'verify'>;
}

/**
 * Turns new events into alerts: confirms, enriches, judges and stores them, and queues their delivery. Idempotent.
 * Throws while something could not be confirmed, so that the job is retried.
 */
export const ingest = ({ events }: EventsJob, deps: IngestDeps): Promise<void> =>
  span('ingest', { 'messaging.batch.message_count': events.length }, () => ingestEvents(events, deps));

async function ingestEvents(events: EventsJob['events'], deps: IngestDeps): Promise<void> {
  const { store, queues } = deps;
  const seen = await span('merge events', {}, async () =>
    withoutOwnRuns(await toExecutions(events, store.runs), deps),
  );
  const { confirmed: executions, failed } = await span('confirm', {}, () =>
    confirmExecutions(seen, { ...deps, checks: store.checks }),
  );
  await store.history.note(executions, deps.now());
  const { byAlert, merged } = await span('group', { 'runwatch.executions': executions.length }, () =>
    assignToAlerts(executions, store),
  );
  const merges = await readMerged(merged, store);
  for (const { alert, into } of merges)
    byAlert.set(into, [...(byAlert.get(into) ?? []), ...alert.executions]);
  const shared = { ...deps, store: withSharedReads(store), ...(await judgingNow(deps)) };
  const alerts = [...byAlert];
  for (let i = 0; i < alerts.length; i += chunkSize) {
    const chunk = alerts.slice(i, i + chunkSize);
    const known = await store.alerts.getMany(chunk.map(([id]) => id));
    const shown = await Promise.all(
      chunk.map(async ([id, theirs], index): Promise<FirstMessage[]> => {
        const taken = merges.filter(({ into }) => into === id).map(({ alert }) => alert);
        const raise = async () => {
          const raised = { id, executions: theirs, merged: taken };
          const alert = await raiseAlert(raised, known[index] ?? null, shared);
          return alert?.announced ? [{ id: alert.id, span: traceparent() }] : [];
        };
        const about = { 'runwatch.alert.id': id, 'runwatch.executions': theirs.length };
        return chunk.length > 1 ? linkedSpan('raise', null, about, raise) : span('raise', about, raise);
      }),
    );
    if (chunk.length > 1) await queues.deliverFirst(store.surfaces, shown.flat());
    else
      await queues.deliverAll(
        store.surfaces,
        shown.flat().map(({ id }) => id),
      );
  }
  for (const merge of merges) {
    const closed = await closeMerged(merge, deps);
    if (!closed) continue;
    // It may have got executions since it was read. Now it takes none.
    const rest = { id: merge.into, executions: closed.executions, merged: [closed] };
    const into = await raiseAlert(rest, await store.alerts.get(merge.into), shared);
    if (into?.announced) await queues.deliverAll(store.surfaces, [into.id]);
    await finishMerge(closed.id, merge.into, closed.executions, store);
  }
  if (failed) throw failed;
}

/** How long facts wait for Azure's read limit before they are asked for again, ms. */
const limitedMs = 60_000;

const completeLater = async (alertId: string, { queues }: IngestDeps): Promise<void> => {
  const id = `${alertId}.limited`;
  await queues.complete.add(
    'complete',
    { alertId },
    { delay: limitedMs, deduplication: { id, ttl: limitedMs } },
  );
};

/** In a flood, the first chunk of alerts is sent while later ones are still being enriched. */
const chunkSize = 100;

/** The exceptions, and the judge context with the watches that are active now. */
async function judgingNow({
  store,
  judging,
  now,
}: IngestDeps): Promise<Pick<RaiseDeps, 'exceptions' | 'judging'>> {
  const [exceptions, watches] = await Promise.all([store.exceptions.list(), store.watches.list(now())]);
  const watched = new Map(watches.map(({ owner, since }) => [owner, since ? Date.parse(since) : 0]));
  const context: JudgeContext = { ...judging, watched };
  return { exceptions, judging: context };
}

/** Adds facts to a stored alert, judges it again, delivers it and queues the next reading of its logs. */
async function storeFacts(alert: Alert, facts: Facts, deps: IngestDeps): Promise<Alert | null> {
  const { store, queues } = deps;
  const { exceptions, judging } = await judgingNow(deps);
  const stored = await store.alerts.update(
    alert.id,
    (current) => {
      if (!current || current.mergedInto) return null;
      const judged = judge(
        { ...current, facts: withinLimits(joinFacts(current.facts, facts)) },
        exceptions,
        judging,
      );
      const at = new Date(deps.now()).toISOString();
      const changed = withLaterChanges(current, judged, at);
      if (JSON.stringify(changed) === JSON.stringify(current)) return null;
      const raisedAt = changed.announced && !current.announced ? at : changed.raisedAt;
      return { alert: { ...changed, raisedAt, updatedAt: at } };
    },
    alert,
  );
  if (stored?.announced) await queues.deliverAll(store.surfaces, [alert.id]);
  if (!stored) return null;
  await sayRaised(stored, deps);
  await readEvidenceLater(stored, deps);
  return stored;
}

/** Reads the logs of an alert's workspace that are due, and queues the next reading. */
export async function addEvidence({ alertId }: EvidenceJob, deps: IngestDeps): Promise<void> {
  const alert = await deps.store.alerts.get(alertId);
  if (!alert) return;
  if (alert.mergedInto) return addEvidence({ alertId: alert.mergedInto }, deps);
  await span('read evidence', { 'runwatch.alert.id': alertId }, async () =>
    storeFacts(alert, await readEvidence(alert, deps), deps),
  );
}

/**
 * Enriches again with a longer time limit, after missing facts or new events.
 * Throws while facts are still missing, so that the job is retried.
 */
export const complete = (job: CompleteJob, deps: IngestDeps): Promise<void> =>
  span('complete', { 'runwatch.alert.id': job.alertId }, () => completeFacts(job, deps));

async function completeFacts({ alertId, part }: CompleteJob, deps: IngestDeps): Promise<void> {
  const alert = await deps.store.alerts.get(alertId);
  if (!alert) return;
  if (alert.mergedInto) return complete({ alertId: alert.mergedInto, ...(part ? { part } : {}) }, deps);
  const facts = part === 'timeline' ? await refreshTimeline(alert, deps) : await enrich(alert, deps, 60_000);
  const stored = await storeFacts(alert, facts, deps);
  if (part) return;
  const lacking = missingFacts(facts);
  if (lacking.some(({ limited }) => limited)) return completeLater(alertId, deps);
  if (lacking.length > 0)
    throw new Error(`${machineNameOf(alert)}: ${lacking.map((m) => `${m.what}: ${m.why}`).join('; ')}`);
  if (stored && stored.executions.length !== alert.executions.length)
    throw new Error(`${machineNameOf(alert)}: more commands came while facts were read`);
}
