import { type Alert, summarize } from '../alerts/alert';
import { type Exception, findException } from '../alerts/exception';
import { type Points, scoreOf } from '../alerts/score';

/**
 * Scores an alert and decides whether it is shown. An exception suppresses only when it covers every execution;
 * what was shown once stays shown; a critical score is never silenced.
 */
export function judge(alert: Alert, exceptions: readonly Exception[], points: Points): Alert {
  const scored = { ...alert, ...scoreOf(alert, points) };
  const covering = alert.announced ? null : coveringException(scored, exceptions);
  const suppressed = covering !== null && scored.severity !== 'critical';
  return {
    ...scored,
    verdict: suppressed ? 'suppressed' : 'alert',
    exception: suppressed ? covering : null,
    ready: true,
    announced: alert.announced || !suppressed,
  };
}

function coveringException(alert: Alert, exceptions: readonly Exception[]): string | null {
  const first = findException(exceptions, summarize(alert).first);
  if (!first) return null;
  return alert.executions.every((execution) => findException(exceptions, execution)) ? first.id : null;
}
