import type { ActivityEvent, Caller, Grant } from '../activity/activity-event';
import type { Target } from '../resources/resource-id';
import { shortDigest } from '../text/short-digest';
import { detectTechnique } from './catalogue';
import type { Finding } from './finding';
import { targetOf } from './target';
import type { TechniqueId } from './technique';

export type ExecutionStatus = 'started' | 'succeeded' | 'failed';

/** One command run on one machine: the activity events of one run of an operation on a resource. */
export interface Execution {
  key: string;
  technique: TechniqueId;
  /** The operation in its documented case. */
  operation: string;
  status: ExecutionStatus;
  /** Time of the event that decided the status. */
  decidedAt: string;
  /** Azure denied it because of missing permissions. */
  refused: boolean;
  subStatus: string | null;
  caller: Caller;
  /** The machine; `resourceId` may be a run command or an extension on it. */
  target: Target;
  resourceId: string;
  /** The grant that an event names. It allowed nothing if the execution was denied. */
  grantedBy: Grant | null;
  startedAt: string;
  lastEventAt: string;
  correlationId: string;
  /** Ids of the events seen, so that duplicates count once. */
  eventIds: string[];
  requestBody: string | null;
  message: string | null;
  /** If it had to be confirmed. */
  finding?: Finding | undefined;
}

/**
 * Creates an execution from any of its events; null if the event runs no code on compute.
 * @param key of the event's run; by default the event is its own run
 */
export function executionFrom(event: ActivityEvent, key = executionKey(event)): Execution | null {
  const detected = detectTechnique(event.operation);
  if (!detected) return null;
  return {
    key,
    technique: detected.technique.id,
    operation: detected.operation,
    status: statusOf(event),
    decidedAt: event.time,
    refused: event.refused,
    subStatus: event.subStatus,
    caller: event.caller.ip ? { ...event.caller, ipAt: event.time } : event.caller,
    target: targetOf(event.resourceId),
    resourceId: event.resourceId,
    grantedBy: event.grantedBy,
    startedAt: event.time,
    lastEventAt: event.time,
    correlationId: event.correlationId,
    eventIds: [event.id],
    requestBody: event.requestBody,
    message: event.message,
  };
}

/**
 * Digest of operation, resource and correlation id, ignoring case. All events of a run share it; different
 * runs may share it too.
 */
export function executionKey(event: ActivityEvent): string {
  return shortDigest(
    event.operation.toLowerCase(),
    event.resourceId.toLowerCase(),
    event.correlationId.toLowerCase(),
  );
}

/**
 * Merges two views of the same execution. Commutative, associative and idempotent, so events may arrive
 * late, twice and in any order. The more complete caller and grant win. A final status replaces "started".
 */
export function mergeExecutions(a: Execution, b: Execution): Execution {
  const [less, decisive] = decisiveness(a) <= decisiveness(b) ? [a, b] : [b, a];
  const named = a.resourceId >= b.resourceId ? a : b;
  const { finding } = decisive.finding ? decisive : less;
  return {
    ...decisive,
    ...(finding ? { finding, technique: finding.technique ?? decisive.technique } : {}),
    resourceId: named.resourceId,
    target: named.target,
    caller: mergeCallers(a.caller, b.caller),
    grantedBy: betterGrant(a.grantedBy, b.grantedBy),
    startedAt: a.startedAt < b.startedAt ? a.startedAt : b.startedAt,
    lastEventAt: a.lastEventAt > b.lastEventAt ? a.lastEventAt : b.lastEventAt,
    eventIds: [...new Set([...a.eventIds, ...b.eventIds])].sort(),
    requestBody: decisive.requestBody ?? less.requestBody,
    message: decisive.message ?? less.message,
  };
}

/** Final beats started, and later beats earlier. The other fields only make the order total. */
const decisiveness = (e: Execution) =>
  `${e.status === 'started' ? 0 : 1} ${e.decidedAt} ${e.status} ${e.refused} ${e.subStatus} ${e.eventIds.join()}`;

function mergeCallers(a: Caller, b: Caller): Caller {
  const [less, more] = completeness(a) <= completeness(b) ? [a, b] : [b, a];
  const addressed = earlierAddress(a, b);
  return {
    ...less,
    ...more,
    id: more.id ?? less.id,
    appId: more.appId ?? less.appId,
    ...(a.upn === undefined && b.upn === undefined ? {} : { upn: mergedUpn(more, less) }),
    ip: addressed?.ip ?? null,
    ...(addressed?.ipAt ? { ipAt: addressed.ipAt } : {}),
  };
}

/** If only one record has an object id, use its claims: a name without an id proves nothing. */
function mergedUpn(more: Caller, less: Caller): string | null {
  if (Boolean(more.id) !== Boolean(less.id)) return (more.id ? more.upn : less.upn) ?? null;
  return more.upn ?? less.upn ?? null;
}

/**
 * The address of the earliest request that has one. Later events often have none, or the address of an Azure
 * service.
 */
function earlierAddress(a: Caller, b: Caller): Caller | null {
  if (!a.ip || !b.ip) return a.ip ? a : b.ip ? b : null;
  const order = (c: Caller) => `${c.ipAt ?? ''} ${c.ip}`;
  return order(a) <= order(b) ? a : b;
}

const completeness = ({ ip: _, ipAt: _at, ...c }: Caller) =>
  `${(c.type === 'Unknown' ? 0 : 8) + (c.id ? 4 : 0) + (c.upn ? 2 : 0) + (c.appId ? 1 : 0)}`.padStart(
    2,
    '0',
  ) + JSON.stringify(c);

function betterGrant(a: Grant | null, b: Grant | null): Grant | null {
  const weight = (g: Grant | null) =>
    `${g ? 1 + (g.scope ? 2 : 0) + (g.assignmentId ? 4 : 0) : 0} ${JSON.stringify(g)}`;
  return weight(a) >= weight(b) ? a : b;
}

function statusOf(event: ActivityEvent): ExecutionStatus {
  return event.status === 'succeeded' || event.status === 'failed' ? event.status : 'started';
}
