import type { Alert } from '../domain/alerts/alert';
import { evidenceDueAt } from './enrich/enrich';
import type { EnrichDeps } from './enrich/enrichment-part';
import type { Queues } from './queues';

interface EvidenceDeps extends Pick<EnrichDeps, 'workspaceId' | 'azure'> {
  queues: Pick<Queues, 'evidence'>;
}

/** Sooner readings don't wait for those of logs that are not complete yet, ms. */
const soonMs = 60_000;

/** Queues the next reading of the logs of an alert that is shown, if there is one. At most two wait. */
export async function readEvidenceLater(
  alert: Alert,
  { workspaceId, azure, queues }: EvidenceDeps,
): Promise<void> {
  if (!alert.announced || alert.mergedInto || !workspaceId) return;
  const due = evidenceDueAt(alert, { workspaceId });
  if (due === null) return;
  const delay = Math.max(0, due - azure.clock.now());
  const id = `${alert.id}.${delay > soonMs ? 'complete' : 'soon'}`;
  await queues.evidence.add(
    'evidence',
    { alertId: alert.id },
    { delay, deduplication: { id, keepLastIfActive: true } },
  );
}
