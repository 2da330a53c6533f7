import { type Caller, type Grant, upnOf } from '../activity/activity-event';
import type { Presser } from '../people/person';
import { is, type Target } from '../resources/resource-id';
import { techniqueOf } from '../techniques/catalogue';
import { type Execution, type ExecutionStatus, mergeExecutions } from '../techniques/execution';
import type { Technique, TechniqueId } from '../techniques/technique';
import { shortDigest } from '../text/short-digest';
import type { Facts } from './facts';
import type { Reason, Severity } from './severity';
import type { Triage } from './triage';

export type StateName = 'new' | 'acknowledged' | 'investigating' | 'contained' | 'closed';
export type ClosedAs = 'true positive' | 'benign' | 'expected';

export interface StateChange {
  to: StateName;
  by: Presser;
  at: string;
  note?: string | undefined;
}

export interface Activity {
  action: string;
  text: string;
  at: string;
  failed: boolean;
  /** The input, for retries. */
  input?: Record<string, unknown> | undefined;
}

/** One execution, or a burst of executions by one caller. */
export interface Alert {
  id: string;
  /** Incremented with every stored change, so that concurrent writers can't overwrite each other. */
  rev: number;
  executions: Execution[];
  technique: TechniqueId;
  state: StateName;
  history: StateChange[];
  closedAs: ClosedAs | null;
  assignee: Presser | null;
  severity: Severity;
  score: number;
  reasons: Reason[];
  verdict: 'alert' | 'suppressed';
  /** Id of the suppressing exception. */
  exception: string | null;
  /** Why an environment's threshold limits it to the digest: "below 70 in test". */
  threshold: string | null;
  /** True once it may be shown: after enrichment finished or timed out. */
  ready: boolean;
  /** True once it is to be shown on any surface. From then on it is never suppressed. */
  announced: boolean;
  facts: Facts;
  triage: Triage;
  /** The latest action's result or failure, shown until it is retried, dismissed or replaced. */
  activity: Activity | null;
  /** Ids of the latest presses that took effect. */
  pressesDone: string[];
  raisedAt: string;
  updatedAt: string;
}

export const alertIdOf = (executionKey: string): string => `RW-${executionKey}`;

export const burstIdOf = (callerKey: string, firstExecutionKey: string): string =>
  `RW-${shortDigest('burst', callerKey, firstExecutionKey)}`;

/** The key for bursts and histories: the caller's identifier, else their name. */
export const callerKeyOf = (caller: Caller): string =>
  (caller.id ?? upnOf(caller) ?? caller.appId ?? caller.name).toLowerCase();

/**
 * Whether this person is the alert's caller, or was asked on the caller's behalf. Compares only identifiers:
 * the object id, the UPN with a verified address, and the chat user who was asked.
 */
export const isCallerOf = (alert: Alert, { id, email, objectId }: Presser): boolean =>
  alert.triage.asked?.userId === id ||
  alert.executions.some(
    ({ caller }) =>
      is(caller.id ?? undefined, id) ||
      is(caller.id ?? undefined, objectId) ||
      (email !== undefined && is(upnOf(caller) ?? undefined, email)),
  );

export function newAlert(id: string, seen: readonly Execution[], now: string): Alert {
  const executions = [...seen].sort(byStart);
  const first = executions[0];
  if (!first) throw new Error('An alert needs an execution');
  return {
    id,
    rev: 0,
    executions,
    technique: first.technique,
    state: 'new',
    history: [],
    closedAs: null,
    assignee: null,
    severity: 'medium',
    score: 0,
    reasons: [],
    verdict: 'alert',
    exception: null,
    threshold: null,
    ready: false,
    announced: false,
    facts: {},
    triage: {},
    activity: null,
    pressesDone: [],
    raisedAt: now,
    updatedAt: now,
  };
}

/** Adds executions. Returns the same object if nothing changed. */
export function addExecutions(alert: Alert, seen: readonly Execution[]): Alert {
  const byKey = new Map(alert.executions.map((execution) => [execution.key, execution]));
  let changed = false;
  for (const execution of seen) {
    const known = byKey.get(execution.key);
    const merged = known ? mergeExecutions(known, execution) : execution;
    if (known && JSON.stringify(merged) === JSON.stringify(known)) continue;
    byKey.set(execution.key, merged);
    changed = true;
  }
  if (!changed) return alert;
  const executions = [...byKey.values()].sort(byStart);
  return { ...alert, executions };
}

const byStart = (a: Execution, b: Execution) =>
  a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : a.key < b.key ? -1 : 1;

export interface Summary {
  technique: Technique;
  first: Execution;
  caller: Caller;
  target: Target;
  grantedBy: Grant | null;
  status: ExecutionStatus;
  /** Azure denied every attempt. */
  refused: boolean;
  startedAt: string;
  lastEventAt: string;
  events: number;
  machines: number;
}

/** Summarizes an alert's executions. */
export function summarize({ executions }: Pick<Alert, 'executions'>): Summary {
  const summary = summaries.get(executions) ?? summaryOf(executions);
  summaries.set(executions, summary);
  return summary;
}

/**
 * Cached, because a burst may have a thousand executions and one message reads the summary many times.
 * Alerts are immutable.
 */
const summaries = new WeakMap<readonly Execution[], Summary>();

function summaryOf(executions: readonly Execution[]): Summary {
  const first = executions[0];
  if (!first) throw new Error('An alert needs an execution');
  const has = (status: ExecutionStatus) => executions.some((execution) => execution.status === status);
  return {
    technique: techniqueOf(first.technique),
    first,
    caller: first.caller,
    target: first.target,
    grantedBy: executions.find((execution) => execution.grantedBy && !execution.refused)?.grantedBy ?? null,
    status: has('succeeded') ? 'succeeded' : has('started') ? 'started' : 'failed',
    refused: executions.every((execution) => execution.refused),
    startedAt: executions.reduce((min, e) => (e.startedAt < min ? e.startedAt : min), first.startedAt),
    lastEventAt: executions.reduce(
      (max, e) => (e.lastEventAt > max ? e.lastEventAt : max),
      first.lastEventAt,
    ),
    events: executions.reduce((sum, e) => sum + e.eventIds.length, 0),
    machines: new Set(executions.map((e) => e.target.id.toLowerCase())).size,
  };
}
