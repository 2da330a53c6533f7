import { type Exception, findException } from '../exceptions/exception';
import { matchFactsOf } from '../exceptions/match-facts';
import type { EnvironmentRule } from '../resources/environment';
import type { Execution } from '../techniques/execution';
import { t } from '../text/translate';
import { type Alert, exceptedBy } from './alert';
import { environmentsOf } from './join-facts';
import { type ScoreContext, scoreOf } from './score';

export interface JudgeContext extends ScoreContext {
  environments?: Record<string, EnvironmentRule> | undefined;
}

/**
 * Decides for each execution whether an exception covers it, scores the others and decides whether the alert
 * is shown. An execution that alone scores critical is covered only by an exception that says so. An
 * environment's threshold leaves an alert to the digest. An alert that was shown stays shown.
 */
export function judge(alert: Alert, exceptions: readonly Exception[], context: JudgeContext): Alert {
  const exceptionOf = coverage(alert, exceptions, context);
  const covered = alert.executions.every(({ key }) => exceptionOf[key]);
  const scored = { ...alert, exceptionOf, ...scoreOf({ ...alert, exceptionOf }, context) };
  const exception = covered ? (exceptedBy(scored)[0]?.exception ?? null) : null;
  const kept = alert.announced || scored.severity === 'critical' || covered;
  const threshold = kept ? null : belowThreshold(scored, context);
  const suppressed = covered || threshold !== null;
  return {
    ...scored,
    verdict: suppressed ? 'suppressed' : 'alert',
    exception,
    threshold,
    ready: true,
    announced: alert.announced || !suppressed,
  };
}

/**
 * The exception of each execution. While facts are missing, an execution without an exception stays
 * undecided. What was decided about a shown alert stays, and one execution at least stays alerted.
 */
function coverage(
  alert: Alert,
  exceptions: readonly Exception[],
  context: JudgeContext,
): Record<string, string | null> {
  const silencing = exceptions.filter(({ silenceCritical }) => silenceCritical);
  const complete = (alert.facts.missing ?? []).every(({ final }) => final);
  const open = alert.announced
    ? alert.executions.filter(({ key }) => alert.exceptionOf[key] === undefined)
    : alert.executions;
  const isCritical = (execution: Execution) =>
    scoreOf({ ...alert, executions: [execution], exceptionOf: {} }, context).severity === 'critical';
  const find = (execution: Execution): string | null => {
    const facts = matchFactsOf(alert, execution);
    const exception = findException(exceptions, execution, facts);
    if (!exception || exception.silenceCritical || !isCritical(execution)) return exception?.id ?? null;
    return findException(silencing, execution, facts)?.id ?? null;
  };
  const decided = open
    .map((execution): [string, string | null] => [execution.key, find(execution)])
    .filter(([, exception]) => exception !== null || complete);
  const before = alert.announced ? alert.exceptionOf : {};
  const after = { ...before, ...Object.fromEntries(decided) };
  const isAlerted = alert.executions.some(({ key }) => !after[key]);
  return alert.announced && !isAlerted ? alert.exceptionOf : after;
}

function belowThreshold(alert: Alert, { environments }: JudgeContext): string | null {
  const limits = environmentsOf(alert).map(({ environment }) => ({
    environment,
    from: environment ? environments?.[environment]?.alertFrom : undefined,
  }));
  if (!limits.every(({ from }) => from !== undefined && alert.score < from)) return null;
  const lowest = limits.toSorted((a, b) => (a.from ?? 0) - (b.from ?? 0))[0];
  return t`below ${lowest?.from} in ${lowest?.environment}`;
}
