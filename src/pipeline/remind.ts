import { type Alert, summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import type { Severity } from '../alerts/score';
import type { Store } from '../store/store';
import type { Queues } from './queues';

/** Minutes after which a new alert that nobody acknowledged is spoken of again; RUNWATCH_CONFIG's `reminders` overrides. */
export const defaultReminders: Record<Severity, number> = { critical: 5, high: 15, medium: 60, low: 0 };

export interface RemindDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  reminders: Partial<Record<Severity, number>>;
  now: () => number;
}

const minute = 60_000;
/** Reminded at one, three and nine times the wait, then left to the digest. */
const factors = [1, 3, 9];
const watchedMs = 3 * 86_400_000;

/** Posts a notice for each alert that waits too long; the same reminder is posted once. */
export async function remind({ store, queues, reminders, now }: RemindDeps): Promise<void> {
  const alerts = await store.alerts.list({ limit: 1000, after: now() - watchedMs });
  const due = alerts.flatMap((alert) => {
    const round = roundOf(alert, { ...defaultReminders, ...reminders }, now());
    return round === null
      ? []
      : [{ id: `notice-remind-${alert.id}-${round}`, text: reminderText(alert, now()) }];
  });
  for (const notice of due) {
    if (await store.deliveries.addNotice(notice, store.surfaces))
      await queues.deliverAll(store.surfaces, [notice.id]);
  }
}

/** Which reminder is due: 0, 1, 2; null when none is. Pure. */
export function roundOf(alert: Alert, reminders: Record<Severity, number>, now: number): number | null {
  const wait = reminders[alert.severity];
  if (!alert.announced || alert.state !== 'new' || !wait) return null;
  const waited = (now - Date.parse(alert.raisedAt)) / minute;
  const round = factors.findLastIndex((factor) => waited >= wait * factor);
  return round < 0 ? null : round;
}

function reminderText(alert: Alert, now: number): string {
  const { technique, target, caller } = summarize(alert);
  const waited = Math.floor((now - Date.parse(alert.raisedAt)) / minute);
  return `${alert.id} has waited ${waited} minutes and nobody has acknowledged it: ${alert.severity} ${alert.score}, ${technique.title} on ${plainLine(target.name, 60)} by ${plainLine(caller.name, 80)}.`;
}
