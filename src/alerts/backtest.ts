import type { Alert } from './alert';
import { type Exception, type MatchFacts, matches } from './exception';

/** What an exception would have silenced among alerts. */
export interface Backtest {
  /** How many alerts were looked at. */
  of: number;
  /** Ids of those that it covers whole, newest first. */
  silenced: string[];
}

export const backtestDays = 30;

/** Which alerts a match would have kept silent, were it there before. A critical one only if it says so. Pure. */
export function backtest(
  { match, silenceCritical = false }: Pick<Exception, 'match' | 'silenceCritical'>,
  alerts: readonly Alert[],
  factsOf: (alert: Alert) => MatchFacts,
): Backtest {
  const silenced = alerts.filter(
    (alert) =>
      (silenceCritical || alert.severity !== 'critical') &&
      alert.executions.every((execution) => matches(match, execution, factsOf(alert))),
  );
  return { of: alerts.length, silenced: silenced.map((alert) => alert.id) };
}

/** In words, with the first few by name. */
export function backtestText({ of, silenced }: Backtest): string {
  if (silenced.length === 0)
    return `It would have silenced none of the ${of} alerts of the last ${backtestDays} days.`;
  const named = silenced.slice(0, 10).join(', ');
  return `It would have silenced ${silenced.length} of the ${of} alerts of the last ${backtestDays} days: ${named}${silenced.length > 10 ? ' …' : ''}.`;
}
