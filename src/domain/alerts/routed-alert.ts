import type { ManagementGroup } from '../resources/management-group';
import { is } from '../resources/resource-id';
import { type Alert, summarize } from './alert';
import type { RoutedAlert, RoutedMachine } from './routing';

/** The subscriptions of an alert's machines. */
export const subscriptionsOf = ({ executions }: Pick<Alert, 'executions'>): string[] => [
  ...new Set(executions.map(({ target }) => target.subscriptionId)),
];

/**
 * What routes know of an alert. Only the first machine has tags and an environment.
 * @param groups management groups by subscription; null where they could not be read
 */
export function routedAlertOf(
  alert: Pick<Alert, 'executions' | 'severity' | 'technique' | 'facts'>,
  groups: ReadonlyMap<string, readonly ManagementGroup[] | null>,
): RoutedAlert {
  const { machine } = alert.facts;
  const first = summarize(alert).target;
  const targets = new Map(alert.executions.map(({ target }) => [target.id.toLowerCase(), target]));
  const machines = [...targets.values()].map(
    (target): RoutedMachine => ({
      environment: (is(target.id, first.id) && machine?.environment) || null,
      tags: (is(target.id, first.id) && machine?.tags) || {},
      subscriptionId: target.subscriptionId,
      resourceGroup: target.resourceGroup,
      managementGroups: groups.get(target.subscriptionId) ?? null,
    }),
  );
  return {
    severity: alert.severity,
    technique: alert.technique,
    startedAt: summarize(alert).startedAt,
    machines,
  };
}
