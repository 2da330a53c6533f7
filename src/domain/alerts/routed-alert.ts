import type { ManagementGroup } from '../resources/management-group';
import { type Alert, summarize } from './alert';
import { type Known, machineFactsOf } from './join-facts';
import type { RoutedAlert, RoutedMachine } from './routing';

/** The subscriptions of the machines that an alert is about. */
export const subscriptionsOf = (alert: Known): string[] => [
  ...new Set(summarize(alert).executions.map(({ target }) => target.subscriptionId)),
];

/**
 * What routes know of an alert.
 * @param groups management groups by subscription; null where they could not be read
 */
export function routedAlertOf(
  alert: Known & Pick<Alert, 'severity' | 'technique'>,
  groups: ReadonlyMap<string, readonly ManagementGroup[] | null>,
): RoutedAlert {
  const { executions, startedAt } = summarize(alert);
  const byMachine = new Map(executions.map((execution) => [execution.target.id.toLowerCase(), execution]));
  const machines = [...byMachine.values()].map((execution): RoutedMachine => {
    const { environment = null, tags = {} } = machineFactsOf(alert, execution) ?? {};
    const { subscriptionId, resourceGroup } = execution.target;
    const managementGroups = groups.get(subscriptionId) ?? null;
    return { environment, tags, subscriptionId, resourceGroup, managementGroups };
  });
  return { severity: alert.severity, technique: alert.technique, startedAt, machines };
}
