import { type Alert, addExecutions, alertIdOf, exceptedBy, newAlert, summarize } from '../alerts/alert';
import { groupExecutions } from '../alerts/groups';
import { defaultPoints, type Points, scoreOf } from '../alerts/score';
import { type Exception, findException } from '../exceptions/exception';
import { detectTechnique } from '../techniques/catalogue';
import { alertingOf, type Detections } from '../techniques/detections';
import { type Execution, executionFrom, executionKey } from '../techniques/execution';
import { workerGroupIn } from '../techniques/finding';
import { assignRuns, type Run } from '../techniques/runs';
import { type LogShape, shapeOf } from './log-shape';
import { normalize, operationOf, shapeById } from './read-record';
import type { Bag } from './record-fields';
import { unwrap } from './unwrap';

export interface ReplayCounts {
  records: number;
  alerts: number;
  suppressed: number;
  /** Number of unreadable records by reason. */
  unreadable: Map<string, number>;
}

export interface ReplayOptions {
  /** A shape's id, or auto. */
  format: string;
  exceptions: readonly Exception[];
  detections?: Detections;
  points?: Points;
  /** Groups bursts as the bot does, instead of one alert per execution. */
  group?: boolean;
}

/** Collects the alerts that a stream of activity log records would have raised. */
export function createReplay({
  format,
  exceptions,
  detections = {},
  points = defaultPoints,
  group = false,
}: ReplayOptions) {
  const alerts = new Map<string, Alert>();
  const runs = new Map<string, Run[]>();
  const counts: ReplayCounts = { records: 0, alerts: 0, suppressed: 0, unreadable: new Map() };
  const countUnreadable = (reason: string) =>
    counts.unreadable.set(reason, (counts.unreadable.get(reason) ?? 0) + 1);

  function take(record: unknown): void {
    const { records } = counts;
    try {
      const shape = shapeOf(record);
      // Most records have no wrapper, so they skip unwrap.
      if (shape && (record as Bag)._raw === undefined) takeOne(record, shape);
      else for (const each of unwrap(record)) takeOne(each, shapeOf(each));
    } catch (error) {
      if (counts.records === records) counts.records++;
      countUnreadable(`unexpected content: ${(error as Error).message}`);
    }
  }

  const isSure = (operation: string) => alertingOf(operation, detections) === 'always';
  const isWanted = (operation: string) =>
    isSure(operation) || (alertingOf(operation, detections) === 'confirmed' && !readsMachine(operation));

  function takeOne(record: unknown, found: LogShape | null): void {
    counts.records++;
    const shape = format === 'auto' ? found : shapeById(format);
    const operation = operationOf(record, shape);
    if (operation !== null && !isWanted(operation)) return;
    const result = normalize(record, shape ?? undefined);
    if ('unreadable' in result) {
      countUnreadable(result.unreadable.reason);
      return;
    }
    if (!isWanted(result.event.operation)) return;
    const base = executionKey(result.event);
    const { runs: after, keyOf } = assignRuns(base, runs.get(base) ?? [], [result.event]);
    runs.set(base, after);
    const execution = executionFrom(result.event, keyOf[0]);
    if (!execution) return;
    const known = alerts.get(execution.key);
    alerts.set(
      execution.key,
      known
        ? addExecutions(known, [execution])
        : newAlert(alertIdOf(execution.key), [execution], execution.startedAt),
    );
  }

  /** All alerts, scored, in order of their first event. */
  function finish(): ReplayedAlert[] {
    for (const [key, { executions }] of alerts)
      if (!executions.every((each) => isSure(each.operation) || isConfirmed(each))) alerts.delete(key);
    const judged = (group ? grouped() : [...alerts.values()]).map((alert) =>
      replayed(alert, exceptions, points),
    );
    judged.sort((a, b) =>
      a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : a.id < b.id ? -1 : 1,
    );
    counts.alerts = judged.length;
    counts.suppressed = judged.filter((alert) => alert.verdict === 'suppressed').length;
    return judged;
  }

  const grouped = () =>
    [...groupExecutions([...alerts.values()].flatMap(({ executions }) => executions))].map(
      ([id, executions]) => newAlert(id, executions, (executions[0] as Execution).startedAt),
    );

  /** The alerts that this exception covers, ignoring other exceptions. */
  const coveredBy = (exception: Exception): ReplayedAlert[] =>
    [...alerts.values()]
      .filter((alert) => findException([exception], summarize(alert).first))
      .map((alert) => replayed(alert, [exception], points));

  return { take, finish, coveredBy, counts };
}

/** Machines and jobs are not read, but the request of a job may name the hybrid worker group that runs it. */
const isConfirmed = ({ requestBody }: Execution): boolean => workerGroupIn(requestBody) !== null;

const readsMachine = (operation: string): boolean =>
  detectTechnique(operation)?.technique.check?.reads === 'machine';

export type ReplayedAlert = ReturnType<typeof replayed>;

/** The JSON that `replay --json` prints. Its fields are a public interface. */
function replayed(alert: Alert, exceptions: readonly Exception[], points: Points) {
  const exceptionOf = Object.fromEntries(
    alert.executions.map((execution) => [execution.key, findException(exceptions, execution)?.id ?? null]),
  );
  const judged = { ...alert, exceptionOf };
  const summary = summarize(judged);
  const { caller, grantedBy } = summary;
  const excepted = exceptedBy(judged);
  const isCovered = alert.executions.every(({ key }) => exceptionOf[key]);
  const exception = isCovered ? (excepted[0]?.exception ?? null) : null;
  const { score, severity, reasons } = scoreOf(judged, { points });
  return {
    id: alert.id,
    technique: summary.technique.id,
    operation: summary.first.operation,
    status: summary.status,
    caller: { id: caller.id, name: caller.name, type: caller.type, ip: caller.ip, appId: caller.appId },
    target: summary.target,
    grantedBy: grantedBy && {
      role: grantedBy.role,
      scope: grantedBy.scope,
      assignmentId: grantedBy.assignmentId,
    },
    startedAt: summary.startedAt,
    lastEventAt: summary.lastEventAt,
    events: summary.events,
    correlationId: summary.first.correlationId,
    severity,
    score,
    reasons: reasons.map(({ points, text }) => ({ points, text })),
    verdict: exception ? ('suppressed' as const) : ('alert' as const),
    exception,
    mitre: summary.technique.mitre,
    ...(alert.executions.length > 1
      ? { machines: summary.machines, excepted: isCovered ? [] : excepted }
      : {}),
  };
}
