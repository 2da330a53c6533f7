import { globMatches } from '../exceptions/exception';
import { inWindow, localWords, type TimeWindow, windowWords } from '../exceptions/time-window';
import type { ManagementGroup } from '../resources/management-group';
import { is } from '../resources/resource-id';
import type { TechniqueId } from '../techniques/technique';
import type { Severity } from './severity';

type OneOrMany = string | string[];

/** Where matching alerts go. All conditions in `when` must match. A list matches if any of its values does. */
export interface Route {
  when: {
    severity?: OneOrMany | undefined;
    technique?: OneOrMany | undefined;
    /** Contains the alert's start. */
    hours?: TimeWindow | undefined;
    /** This and all below must match the same machine. */
    environment?: OneOrMany | undefined;
    subscription?: OneOrMany | undefined;
    resourceGroup?: OneOrMany | undefined;
    /** Id or display name of any management group above the subscription. */
    managementGroup?: OneOrMany | undefined;
    tag?: Record<string, OneOrMany> | undefined;
  };
  /** Channels by surface. */
  [surface: string]: unknown;
}

/** What routes know of an alert. */
export interface RoutedAlert {
  severity: Severity | null;
  technique: TechniqueId | null;
  /** RFC 3339. */
  startedAt: string;
  /** At least one. */
  machines: readonly RoutedMachine[];
}

export interface RoutedMachine {
  environment: string | null;
  tags: Readonly<Record<string, string>>;
  subscriptionId: string | null;
  resourceGroup: string | null;
  /** Those above its subscription; null if they could not be read. */
  managementGroups: readonly ManagementGroup[] | null;
}

/** A condition that does not hold. */
export interface Unmet {
  /** Its name, such as "severity" or "tag env". */
  condition: string;
  /** What the alert has; null if unknown. */
  got: string[] | null;
  /** As text. */
  expected: string;
}

/** What a route's condition compares. `got` is called only if the route has the condition. */
interface Compared {
  condition: string;
  wanted: OneOrMany | undefined;
  got: () => (string | null)[] | null;
}

/**
 * The channel of the first matching route that has one for the surface; null means the surface's default
 * channel.
 */
export function channelFor(alert: RoutedAlert, routes: readonly Route[], surface: string): string | null {
  const route = routes.find((candidate) => channelOf(candidate, surface) && matches(alert, candidate.when));
  return route ? channelOf(route, surface) : null;
}

export function channelOf(route: Route, surface: string): string | null {
  const channel = surface === 'when' ? null : route[surface];
  return typeof channel === 'string' && channel !== '' ? channel : null;
}

/** Every channel that routes name for a surface. */
export const channelsOf = (routes: readonly Route[], surface: string): string[] =>
  routes.flatMap((route) => channelOf(route, surface) ?? []);

export const needManagementGroups = (routes: readonly Route[]): boolean =>
  routes.some(({ when }) => when.managementGroup !== undefined);

const matches = (alert: RoutedAlert, when: Route['when']): boolean =>
  unmetByAlert(alert, when).length === 0 &&
  alert.machines.some((machine) => unmetByMachine(machine, when).length === 0);

/** The conditions that do not hold, on the machine for which the fewest do not; empty if the route matches. */
export const unmetConditions = (alert: RoutedAlert, when: Route['when']): Unmet[] => [
  ...unmetByAlert(alert, when),
  ...alert.machines
    .map((machine) => unmetByMachine(machine, when))
    .reduce((fewest, one) => (one.length < fewest.length ? one : fewest)),
];

function unmetByAlert({ severity, technique, startedAt }: RoutedAlert, when: Route['when']): Unmet[] {
  const { hours } = when;
  const start = new Date(startedAt);
  return [
    ...unmet([
      { condition: 'severity', wanted: when.severity, got: () => [severity] },
      { condition: 'technique', wanted: when.technique, got: () => [technique] },
    ]),
    ...(hours && !inWindow(hours, start)
      ? [{ condition: 'hours', got: [localWords(start, hours.zone)], expected: windowWords(hours) }]
      : []),
  ];
}

const unmetByMachine = (machine: RoutedMachine, when: Route['when']): Unmet[] =>
  unmet([
    { condition: 'environment', wanted: when.environment, got: () => [machine.environment] },
    { condition: 'subscription', wanted: when.subscription, got: () => [machine.subscriptionId] },
    { condition: 'resourceGroup', wanted: when.resourceGroup, got: () => [machine.resourceGroup] },
    {
      condition: 'managementGroup',
      wanted: when.managementGroup,
      got: () =>
        machine.managementGroups?.flatMap(({ id, name }) => (id === name ? [id] : [id, name])) ?? null,
    },
    ...Object.entries(when.tag ?? {}).map(([name, wanted]) => ({
      condition: `tag ${name}`,
      wanted,
      got: () => [Object.entries(machine.tags).find(([tag]) => is(tag, name))?.[1] ?? null],
    })),
  ]);

const unmet = (compared: readonly Compared[]): Unmet[] =>
  compared.flatMap(({ condition, wanted, got }) => {
    if (wanted === undefined) return [];
    const known = got()?.filter((value) => value !== null) ?? null;
    const holds = known?.some((value) => [wanted].flat().some((pattern) => globMatches(pattern, value)));
    return holds ? [] : [{ condition, got: known, expected: anyOf(wanted) }];
  });

const anyOf = (wanted: OneOrMany): string => [wanted].flat().join(' or ');

/** A route's conditions as text: "severity high or critical and environment production". */
export function conditionWords({ hours, tag = {}, ...others }: Route['when']): string {
  const words = [
    ...Object.entries(others).flatMap(([name, wanted]) => (wanted ? [`${name} ${anyOf(wanted)}`] : [])),
    ...Object.entries(tag).map(([name, wanted]) => `tag ${name} ${anyOf(wanted)}`),
    ...(hours ? [`hours ${windowWords(hours)}`] : []),
  ];
  return words.join(' and ') || 'every alert';
}
