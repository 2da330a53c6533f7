import { type Caller, type Grant, upnOf } from '../activity/activity-event';
import { isApplication, type Presser } from '../people/person';
import { is, type Target } from '../resources/resource-id';
import { techniqueOf } from '../techniques/catalogue';
import { type Execution, type ExecutionStatus, mergeExecutions } from '../techniques/execution';
import {
  type ExtensionKind,
  type ExtensionType,
  extensionKind,
  extensionTypeIn,
} from '../techniques/extension-kind';
import type { Technique, TechniqueId } from '../techniques/technique';
import { shortDigest } from '../text/short-digest';
import { phrase, translate } from '../text/translate';
import type { Facts } from './facts';
import type { Reason, ScoreChange, Severity } from './severity';
import type { Triage } from './triage';

/** How long alerts are kept by default: auditors may ask a year later. */
export const defaultKeepDays = 400;

export type StateName = 'new' | 'acknowledged' | 'investigating' | 'contained' | 'closed';
/** `handled in a ticket`: closed where it was escalated to, which does not say what it was. */
export const closeReasons = [
  phrase('true positive'),
  phrase('benign'),
  phrase('expected'),
  phrase('handled in a ticket'),
] as const;
export type ClosedAs = (typeof closeReasons)[number];

export interface StateChange {
  to: StateName;
  by: Presser;
  at: string;
  note?: string | undefined;
  /** How many executions the alert was about. Absent in changes stored before 0.2. */
  executions?: number | undefined;
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
  /** Changes of the score and the reasons since it was shown, oldest first. */
  scoreChanges: ScoreChange[];
  verdict: 'alert' | 'suppressed';
  /** Id of the exception that suppresses the whole alert. */
  exception: string | null;
  /** By execution key: the id of the exception that covers it, or null. Absent: not decided yet. */
  exceptionOf: Record<string, string | null>;
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
  /** Id of the alert that this one became part of. */
  mergedInto: string | null;
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
 * Whether this person or application is the alert's caller, or was asked on the caller's behalf. Compares only
 * identifiers: the object id, the UPN with a verified address, the application's id and the chat user who was asked.
 */
export function isCallerOf(alert: Alert, presser: Presser): boolean {
  const { id, email, objectId, client } = presser;
  return (
    alert.triage.asked?.userId === id ||
    alert.executions.some(
      ({ caller }) =>
        is(caller.id ?? undefined, id) ||
        is(caller.id ?? undefined, objectId) ||
        (isApplication(presser) && is(caller.appId ?? undefined, id)) ||
        (caller.type !== 'User' && is(caller.appId ?? undefined, client)) ||
        (email !== undefined && is(upnOf(caller) ?? undefined, email)),
    )
  );
}

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
    scoreChanges: [],
    verdict: 'alert',
    exception: null,
    exceptionOf: {},
    threshold: null,
    ready: false,
    announced: false,
    facts: {},
    triage: {},
    activity: null,
    mergedInto: null,
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

/** An alert's executions, which of them exceptions cover, and the facts about them. */
export type Executions = Pick<Alert, 'executions'> & Partial<Pick<Alert, 'exceptionOf' | 'facts'>>;

export interface Summary {
  technique: Technique;
  first: Execution;
  /** All executions that no exception covers. */
  about: readonly Execution[];
  /** Those of them that Azure did not deny, or all if it denied all. */
  executions: readonly Execution[];
  /** The attempts that Azure denied, if others were not denied. */
  denied: readonly Execution[];
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

/**
 * Summarizes the executions that an alert is about: those that no exception covers, or all if exceptions
 * cover all. Where Azure denied some attempts only, the machines are those of the others.
 */
export function summarize({ executions, exceptionOf, facts }: Executions): Summary {
  const about = alertedOf(executions, exceptionOf);
  const summary = summaries.get(about) ?? summaryOf(about);
  summaries.set(about, summary);
  const words = wordsOfExtensions(summary.executions, facts);
  return words ? { ...summary, technique: { ...summary.technique, ...words } } : summary;
}

/**
 * Cached, because a burst may have a thousand executions and one message reads the summary many times.
 * Alerts are immutable.
 */
const summaries = new WeakMap<readonly Execution[], Summary>();
const alerted = new WeakMap<object, { from: readonly Execution[]; left: readonly Execution[] }>();

function alertedOf(executions: readonly Execution[], exceptionOf: Alert['exceptionOf'] | undefined) {
  if (!exceptionOf) return executions;
  const known = alerted.get(exceptionOf);
  if (known?.from === executions) return known.left;
  const some = executions.filter(({ key }) => !exceptionOf[key]);
  const left = some.length === 0 || some.length === executions.length ? executions : some;
  alerted.set(exceptionOf, { from: executions, left });
  return left;
}

/** What the extensions do, in words of their own; null unless all of them are of one such kind. */
function wordsOfExtensions(
  executions: readonly Execution[],
  facts: Facts | undefined,
): Partial<Technique> | null {
  if (executions[0]?.technique !== 'vm-extension') return null;
  const only = wordsOfAll(executions, facts);
  if (!only) return null;
  const { title, verb, infinitive } = only;
  return {
    ...only,
    title: translate(title),
    verb: translate(verb),
    infinitive: translate(infinitive),
  };
}

type Words = NonNullable<ExtensionKind['words']>;

/** Cached like {@link summaries}: the kind may have to be read from each request. */
const extensionWords = new WeakMap<readonly Execution[], { facts: Facts | undefined; words: Words | null }>();

function wordsOfAll(executions: readonly Execution[], facts: Facts | undefined): Words | null {
  const known = extensionWords.get(executions);
  if (known && known.facts === facts) return known.words;
  const found = new Set(executions.map((execution) => kindOfExtension(execution, facts)?.words));
  const [only] = found;
  const words = found.size === 1 && only ? only : null;
  extensionWords.set(executions, { facts, words });
  return words;
}

/** Publisher and type of an execution's extension: as read from the machine, else as the log has them. */
export const extensionOf = (
  { key, requestBody }: Pick<Execution, 'key' | 'requestBody'>,
  facts: Facts | undefined,
): ExtensionType | null => facts?.runs?.[key]?.extension ?? extensionTypeIn(requestBody);

function kindOfExtension(execution: Execution, facts: Facts | undefined): ExtensionKind | null {
  const extension = execution.technique === 'vm-extension' ? extensionOf(execution, facts) : null;
  return extension && extensionKind(extension);
}

/** How many executions each exception covers, most first. */
export function exceptedBy({ executions, exceptionOf }: Executions): { exception: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { key } of executions) {
    const exception = exceptionOf?.[key];
    if (exception) counts.set(exception, (counts.get(exception) ?? 0) + 1);
  }
  return [...counts]
    .map(([exception, count]) => ({ exception, count }))
    .sort((a, b) => b.count - a.count || (a.exception < b.exception ? -1 : 1));
}

function summaryOf(all: readonly Execution[]): Summary {
  const ran = all.filter((execution) => !execution.refused);
  const executions = ran.length > 0 ? ran : all;
  const first = executions[0];
  if (!first) throw new Error('An alert needs an execution');
  const has = (status: ExecutionStatus) => executions.some((execution) => execution.status === status);
  return {
    technique: techniqueOf(first.technique),
    first,
    about: all,
    executions,
    denied: ran.length > 0 ? all.filter((execution) => execution.refused) : [],
    caller: first.caller,
    target: first.target,
    grantedBy: executions.find((execution) => execution.grantedBy && !execution.refused)?.grantedBy ?? null,
    status: has('succeeded') ? 'succeeded' : has('started') ? 'started' : 'failed',
    refused: ran.length === 0,
    startedAt: executions.reduce((min, e) => (e.startedAt < min ? e.startedAt : min), first.startedAt),
    lastEventAt: executions.reduce(
      (max, e) => (e.lastEventAt > max ? e.lastEventAt : max),
      first.lastEventAt,
    ),
    events: executions.reduce((sum, e) => sum + e.eventIds.length, 0),
    machines: new Set(executions.map((e) => e.target.id.toLowerCase())).size,
  };
}
