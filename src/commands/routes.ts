import type { Config } from '../config/config';
import { subscriptionsOf } from '../domain/alerts/routed-alert';
import {
  channelOf,
  conditionWords,
  needManagementGroups,
  type Route,
  type RoutedAlert,
  type Unmet,
  unmetConditions,
} from '../domain/alerts/routing';
import type { Severity } from '../domain/alerts/severity';
import { environmentOf } from '../domain/resources/environment';
import { plainLine } from '../domain/text/plain-text';
import { readRoutedAlert } from '../pipeline/read-routed-alert';
import { CommandError, type Output } from './support/output';
import { checkTechnique } from './support/technique-option';
import { withStore } from './support/with-store';

export interface RoutesTestFlags {
  alert?: string;
  severity?: Severity;
  technique?: string;
  environment?: string;
  tag?: Record<string, string>;
  subscription?: string;
  resourceGroup?: string;
  managementGroup?: string[];
  /** RFC 3339. */
  at?: string;
  json?: boolean;
}

/** A route that did not decide. */
interface Skipped {
  /** Its number, from 1. */
  route: number;
  /** Empty if it matches but names no channel for the surface. */
  unmet: Unmet[];
}

interface Decision {
  surface: string;
  /** Null: the surface's default channel. */
  channel: string | null;
  /** Number of the route, from 1; null if no route decides. */
  route: number | null;
  when: string | null;
  before: Skipped[];
}

/** Prints the channel of an alert on each surface, the route that decided, and why earlier ones did not. */
export async function testRoutes(flags: RoutesTestFlags, config: Config, output: Output): Promise<void> {
  const { routes = [] } = config.policy;
  const alert = flags.alert ? await storedAlert(flags.alert, config, output) : givenAlert(flags, config);
  const named = routes.flatMap((route) => Object.keys(route).filter((key) => key !== 'when'));
  const surfaces = [...new Set([...Object.keys(config.surfaces), ...named])];
  if (surfaces.length === 0) throw new CommandError('no chat is configured, and no route names a channel', 2);
  for (const surface of surfaces) {
    const decision = decide(alert, routes, surface);
    if (flags.json) output.out(JSON.stringify(decision));
    else for (const line of linesOf(decision)) output.out(line);
  }
}

function givenAlert(flags: RoutesTestFlags, { policy }: Config): RoutedAlert {
  const { json: _, alert: __, ...conditions } = flags;
  if (Object.keys(conditions).length === 0)
    throw new CommandError('expected --alert, or a condition such as --severity high', 2);
  const { severity, technique, environment, tag = {}, subscription, resourceGroup, at } = conditions;
  if (technique !== undefined) checkTechnique(technique);
  const groups = conditions.managementGroup ?? [];
  return {
    severity: severity ?? null,
    technique: technique ?? null,
    startedAt: at ?? new Date().toISOString(),
    machines: [
      {
        environment: environment ?? environmentOf(tag, subscription ?? '', policy.environments),
        tags: tag,
        subscriptionId: subscription ?? null,
        resourceGroup: resourceGroup ?? null,
        managementGroups: groups.map((group) => ({ id: group, name: group })),
      },
    ],
  };
}

const storedAlert = (id: string, config: Config, output: Output): Promise<RoutedAlert> =>
  withStore(config, async (store) => {
    const alert = await store.alerts.get(id);
    if (!alert) throw new CommandError(`${id}: alert not found or expired`, 1);
    if (needManagementGroups(config.policy.routes ?? []))
      for (const [subscription, groups] of await store.polls.managementGroups(subscriptionsOf(alert)))
        if (!groups || groups.error)
          output.err(
            `management groups of subscription ${subscription}${groups?.above ? ' may be outdated' : ' are unknown'}: ${groups?.error ?? 'not read yet'}`,
          );
    return readRoutedAlert(alert, store.polls);
  });

function decide(alert: RoutedAlert, routes: readonly Route[], surface: string): Decision {
  const before: Skipped[] = [];
  for (const [index, route] of routes.entries()) {
    const unmet = unmetConditions(alert, route.when);
    const channel = channelOf(route, surface);
    if (unmet.length === 0 && channel)
      return { surface, channel, route: index + 1, when: conditionWords(route.when), before };
    before.push({ route: index + 1, unmet });
  }
  return { surface, channel: null, route: null, when: null, before };
}

const linesOf = ({ surface, channel, route, when, before }: Decision): string[] => [
  route === null
    ? `${surface}: the default channel; no route matches`
    : `${surface}: ${plainLine(channel ?? '', 100)}, by route ${route}: ${plainLine(when ?? '', 500)}`,
  ...before.map(
    (skipped) =>
      `  not route ${skipped.route}: ${
        skipped.unmet.map(unmetWords).join('; ') || `it names no channel for ${surface}`
      }`,
  ),
];

const unmetWords = ({ condition, got, expected }: Unmet): string =>
  plainLine(`${condition}: got ${got ? got.join(', ') || 'none' : 'unknown'}, expected ${expected}`, 500);
