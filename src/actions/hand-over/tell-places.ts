import type { Alert } from '../../domain/alerts/alert';
import { notToldPlace, placeOf, stateToTell, toldPlace } from '../../domain/alerts/ticket-state';
import type { EscalationPlace } from '../../domain/alerts/triage';
import { plainLine } from '../../domain/text/plain-text';
import { redactSecrets } from '../../domain/text/redactor';
import type { ActionDeps } from '../action';
import { isTransient } from '../measures/failures';
import { openers } from './incidents';

/**
 * Tells each place that an alert was escalated to the alert's state, unless it knows. Safe to repeat: it compares
 * stored states, so what a crash interrupted is told again, and what came from a place is not sent back.
 * @throws what a retry may fix
 */
export async function tellPlaces(alertId: string, deps: ActionDeps): Promise<void> {
  const { store } = deps;
  const alert = await store.alerts.get(alertId);
  const places = alert?.triage.escalation?.places ?? [];
  if (!alert || places.length === 0) return;
  const survivor = alert.mergedInto ? await store.alerts.get(alert.mergedInto) : null;
  const results = await Promise.allSettled(
    places.map(async (place) => {
      if (place.ticket === undefined) return;
      await store.tickets.note(place.id, place.ticket, alert.id);
      const isTakenOver = survivor !== null && placeOf(survivor, place.id, place.ticket) !== null;
      if (!isTakenOver) await tellPlace(alert, place, place.ticket, deps);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function tellPlace(
  alert: Alert,
  place: EscalationPlace,
  ticket: string,
  deps: ActionDeps,
): Promise<void> {
  const { config, now } = deps;
  const { escalation } = config.policy;
  const opener = openers.find(({ id }) => id === place.id);
  const state = stateToTell(alert, place);
  // Another system may have been configured since, in which the same id is another ticket.
  if (!state || !escalation || !opener?.tell || opener.where(escalation) !== place.where) return;
  const at = new Date(now()).toISOString();
  try {
    const told = { alert, ticket, state, before: place.synced ?? ('open' as const) };
    if (await opener.tell(told, escalation, deps))
      await change(alert.id, (current) => toldPlace(current, place, state, at), deps);
  } catch (error) {
    const { message } = error as Error;
    const retrying = isWorthRetrying(error);
    const reason = plainLine(redactSecrets(message).replace(/^\S+ (?=answered \d)/, ''), 200);
    await change(alert.id, (current) => notToldPlace(current, place, { state, reason, retrying }), deps);
    if (retrying) throw error;
  }
}

/** Other answers from 300 on stay the same until someone changes the configuration or the ticket. */
function isWorthRetrying(error: unknown): boolean {
  const status = /answered (\d+)$/.exec((error as Error).message)?.[1];
  return status ? /^(408|425|429|5\d\d)$/.test(status) : isTransient(error);
}

async function change(
  alertId: string,
  next: (alert: Alert) => Alert | null,
  { store, show }: ActionDeps,
): Promise<void> {
  let isChanged = false;
  await store.alerts.update(alertId, (current) => {
    const alert = current && next(current);
    isChanged = alert !== null;
    return alert ? { alert } : null;
  });
  if (isChanged) await show(alertId);
}
