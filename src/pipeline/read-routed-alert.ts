import type { Alert } from '../domain/alerts/alert';
import { routedAlertOf, subscriptionsOf } from '../domain/alerts/routed-alert';
import type { RoutedAlert } from '../domain/alerts/routing';
import type { PollState } from '../store/events/poll-state';

/** What routes know of an alert, with the management groups that discovery stored. */
export async function readRoutedAlert(
  alert: Alert,
  polls: Pick<PollState, 'managementGroups'>,
): Promise<RoutedAlert> {
  const stored = await polls.managementGroups(subscriptionsOf(alert));
  return routedAlertOf(alert, new Map([...stored].map(([id, groups]) => [id, groups?.above ?? null])));
}
