import type { Alert } from '../alerts/alert';
import type { Execution } from '../techniques/execution';
import { type Exception, type MatchFacts, matches } from './exception';

/** What an exception would have silenced among alerts. */
export interface Backtest {
  /** How many alerts were looked at. */
  of: number;
  /** Ids of those that it covers whole, newest first. */
  silenced: string[];
  /** Ids of those that it would cover too, were critical scores silenced. */
  tooCritical: string[];
}

export const backtestDays = 30;

/** Which alerts a match would have kept silent, were it there before. A critical one only if it says so. Pure. */
export function backtest(
  { match, silenceCritical = false }: Pick<Exception, 'match' | 'silenceCritical'>,
  alerts: readonly Alert[],
  factsOf: (alert: Alert, execution: Execution) => MatchFacts,
): Backtest {
  const covered = alerts.filter((alert) =>
    alert.executions.every((execution) => matches(match, execution, factsOf(alert, execution))),
  );
  const loud = ({ severity }: Alert) => severity === 'critical' && !silenceCritical;
  const idsOf = (some: readonly Alert[]) => some.map(({ id }) => id);
  return {
    of: alerts.length,
    silenced: idsOf(covered.filter((alert) => !loud(alert))),
    tooCritical: idsOf(covered.filter(loud)),
  };
}

/** In words, with the first few by name. */
export function backtestText({ of, silenced, tooCritical }: Backtest): string {
  const alerts = `of the ${of} alerts of the last ${backtestDays} days`;
  const count = silenced.length === 0 ? `none ${alerts}` : `${silenced.length} ${alerts}: ${named(silenced)}`;
  const left =
    tooCritical.length === 0
      ? ''
      : ` ${tooCritical.length} ${tooCritical.length === 1 ? 'matches, but its score is' : 'match, but their scores are'} critical: ${named(tooCritical)}.`;
  return `It would have silenced ${count}.${left}`;
}

const named = (ids: readonly string[]) => `${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ' …' : ''}`;
