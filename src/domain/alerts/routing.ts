import { globMatches } from '../exceptions/exception';
import { is } from '../resources/resource-id';
import { type Alert, summarize } from './alert';
import { firstMachine } from './join-facts';

/** Where matching alerts go. All conditions in `when` must match. */
export interface Route {
  when: {
    environment?: string | string[] | undefined;
    severity?: string | string[] | undefined;
    subscription?: string | string[] | undefined;
    tag?: Record<string, string | string[]> | undefined;
  };
  /** Channels by surface. */
  [surface: string]: unknown;
}

/**
 * The channel of the first matching route that has one for the surface; null means the surface's default
 * channel.
 */
export function channelFor(alert: Alert, routes: readonly Route[], surface: string): string | null {
  const route = routes.find((candidate) => channelOf(candidate, surface) && fits(alert, candidate.when));
  return route ? channelOf(route, surface) : null;
}

function channelOf(route: Route, surface: string): string | null {
  const channel = surface === 'when' ? null : route[surface];
  return typeof channel === 'string' && channel !== '' ? channel : null;
}

/** Every channel that routes name for a surface. */
export const channelsOf = (routes: readonly Route[], surface: string): string[] =>
  routes.flatMap((route) => channelOf(route, surface) ?? []);

function fits(alert: Alert, when: Route['when']): boolean {
  const machine = firstMachine(alert);
  const tags = Object.entries(machine?.tags ?? {});
  const among = (wanted: string | string[] | undefined, value: string | null) =>
    wanted === undefined ||
    (value !== null && [wanted].flat().some((pattern) => globMatches(pattern, value)));
  return (
    among(when.environment, machine?.environment ?? null) &&
    among(when.severity, alert.severity) &&
    among(when.subscription, summarize(alert).target.subscriptionId) &&
    Object.entries(when.tag ?? {}).every(([name, wanted]) =>
      among(wanted, tags.find(([tag]) => is(tag, name))?.[1] ?? null),
    )
  );
}
