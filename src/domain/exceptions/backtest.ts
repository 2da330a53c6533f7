import { type Alert, summarize } from '../alerts/alert';
import type { Execution } from '../techniques/execution';
import { counted, t } from '../text/translate';
import { type Exception, type MatchFacts, matches } from './exception';

/** Which alerts an exception would have suppressed. */
export interface Backtest {
  /** Number of alerts tested. */
  of: number;
  /** Ids of the alerts it covers completely, newest first. */
  silenced: string[];
  /** Ids of the critical alerts it matches but does not suppress. */
  tooCritical: string[];
}

export const backtestDays = 30;
/** A backtest reads this many alerts, newest first. */
export const backtestLimit = 5000;

/** Finds past alerts that the match would have suppressed; critical ones only with silenceCritical. Pure. */
export function backtest(
  { match, silenceCritical = false }: Pick<Exception, 'match' | 'silenceCritical'>,
  alerts: readonly Alert[],
  factsOf: (alert: Alert, execution: Execution) => MatchFacts,
): Backtest {
  const covered = alerts.filter((alert) =>
    summarize(alert).about.every((execution) => matches(match, execution, factsOf(alert, execution))),
  );
  const keepsAlerting = ({ severity }: Alert) => severity === 'critical' && !silenceCritical;
  const idsOf = (some: readonly Alert[]) => some.map(({ id }) => id);
  return {
    of: alerts.length,
    silenced: idsOf(covered.filter((alert) => !keepsAlerting(alert))),
    tooCritical: idsOf(covered.filter(keepsAlerting)),
  };
}

/** The result as text, with the first few ids. */
export function backtestText({ of, silenced, tooCritical }: Backtest): string {
  const newest = of === backtestLimit ? t`newest ` : '';
  const alerts = t`of the ${newest}${of} alerts of the last ${backtestDays} days`;
  const count =
    silenced.length === 0 ? t`none ${alerts}` : t`${silenced.length} ${alerts}: ${named(silenced)}`;
  const left =
    tooCritical.length === 0
      ? ''
      : ` ${counted(tooCritical.length, '# matches, but its score is critical', '# match, but their scores are critical')}: ${named(tooCritical)}.`;
  return t`It would have suppressed ${count}.${left}`;
}

const named = (ids: readonly string[]) => `${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ' …' : ''}`;
