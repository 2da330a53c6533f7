import { type Exception, findException } from '../exceptions/exception';
import { matchFactsOf } from '../exceptions/match-facts';
import type { EnvironmentRule } from '../resources/environment';
import { type Alert, summarize } from './alert';
import { type ScoreContext, scoreOf } from './score';

export interface JudgeContext extends ScoreContext {
  environments?: Record<string, EnvironmentRule> | undefined;
}

/**
 * Scores an alert and decides whether it is shown. An exception suppresses it only if it covers every
 * execution, and a critical score only if the exception says so. An environment's threshold leaves it to the
 * digest. An alert that was shown stays shown.
 */
export function judge(alert: Alert, exceptions: readonly Exception[], context: JudgeContext): Alert {
  const scored = { ...alert, ...scoreOf(alert, context) };
  const critical = scored.severity === 'critical';
  const candidates = critical ? exceptions.filter((exception) => exception.silenceCritical) : exceptions;
  const exception = alert.announced ? null : coveringException(scored, candidates);
  const threshold = alert.announced || critical || exception ? null : belowThreshold(scored, context);
  const suppressed = exception !== null || threshold !== null;
  return {
    ...scored,
    verdict: suppressed ? 'suppressed' : 'alert',
    exception,
    threshold,
    ready: true,
    announced: alert.announced || !suppressed,
  };
}

function coveringException(alert: Alert, exceptions: readonly Exception[]): string | null {
  const { first } = summarize(alert);
  const exception = findException(exceptions, first, matchFactsOf(alert, first));
  if (!exception) return null;
  const all = alert.executions.every((execution) =>
    findException(exceptions, execution, matchFactsOf(alert, execution)),
  );
  return all ? exception.id : null;
}

function belowThreshold(alert: Alert, { environments }: JudgeContext): string | null {
  const name = alert.facts.machine?.environment;
  const from = name ? environments?.[name]?.alertFrom : undefined;
  return from !== undefined && alert.score < from ? `below ${from} in ${name}` : null;
}
