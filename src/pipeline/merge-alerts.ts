import type { Alert } from '../domain/alerts/alert';
import type { Triage } from '../domain/alerts/triage';
import { runwatchActor } from '../domain/people/person';
import { t } from '../domain/text/translate';
import type { Store } from '../store/store';
import type { Queues } from './queues';

/** An alert that became part of another one. */
export interface Merge {
  alert: Alert;
  into: string;
}

export async function readMerged(
  merged: readonly [from: string, into: string][],
  { alerts }: Pick<Store, 'alerts'>,
): Promise<Merge[]> {
  const docs = await alerts.getMany(merged.map(([from]) => from));
  return merged.flatMap(([, into], index) => {
    const alert = docs[index];
    return alert ? [{ alert, into }] : [];
  });
}

/**
 * What an alert takes over from those that became part of it: what was shown stays shown, with the decisions
 * on its executions, and what people asked, noted and escalated. The same alert if there is nothing new.
 */
export function takeOver(alert: Alert, merged: readonly Alert[]): Alert {
  const shown = merged.filter(({ announced, id }) => announced && id !== alert.id);
  if (shown.length === 0) return alert;
  const decided = Object.assign({}, ...shown.map(({ exceptionOf }) => exceptionOf));
  const exceptionOf = { ...decided, ...(alert.announced ? alert.exceptionOf : {}) };
  const all = [...shown.map((one) => one.triage), alert.triage];
  const notes = new Map(
    all.flatMap((one) => one.notes ?? []).map((note) => [`${note.at} ${note.text}`, note]),
  );
  const triage: Triage = Object.assign({}, ...all, notes.size > 0 ? { notes: [...notes.values()] } : {});
  const next = { ...alert, announced: true, exceptionOf, triage };
  return JSON.stringify(next) === JSON.stringify(alert) ? alert : next;
}

/**
 * Closes an alert that became part of another one. From then on it takes no executions. Its measures stay,
 * and are shown on both.
 * @returns the closed alert, with executions that it may have got since it was read
 */
export async function closeMerged(
  { alert: { id }, into }: Merge,
  { store, queues, now }: { store: Store; queues: Pick<Queues, 'deliverAll'>; now: () => number },
): Promise<Alert | null> {
  const at = new Date(now()).toISOString();
  const why = t`merged into ${into}`;
  const closed = await store.alerts.update(id, (current) => {
    if (!current || current.mergedInto) return null;
    const entry = { at, by: runwatchActor, alertId: id, object: null, result: 'done' as const, why };
    return {
      alert: {
        ...current,
        mergedInto: into,
        state: 'closed',
        history: [...current.history, { to: 'closed', by: runwatchActor, at, note: why }],
        updatedAt: at,
      },
      audit: [{ ...entry, action: 'close' }],
    };
  });
  if (closed?.announced) await queues.deliverAll(store.surfaces, [id]);
  return closed;
}
