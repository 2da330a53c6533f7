import type { Execution } from '../techniques/execution';
import { shortDigest } from '../text/short-digest';
import { alertIdOf, burstIdOf, callerKeyOf } from './alert';

/** Two executions belong together if at most this long passed from one's start to the next one's, ms. */
export const groupGapMs = 10 * 60_000;
/** The longest span of a group, ms. Each caller's day is cut at one fixed time, so that late events change nothing. */
export const groupSpanMs = 12 * 3_600_000;
/** On this many machines a session is a burst: one alert instead of one for each machine. */
export const minBurstMachines = 10;
/** An alert takes this many executions. Further ones open another alert. */
export const maxGroupSize = 1500;

/** Sessions are kept this long, ms. Executions that arrive later get their own alerts. */
const keepMs = 7 * 86_400_000;
const maxSessions = 200;

/** The alert of a group, and its number of executions. */
export interface Group {
  id: string;
  size: number;
}

/**
 * One caller's use of one technique without a longer pause than `groupGapMs`. Times are starts, in ms. All
 * times of a session are in the same span.
 */
export interface Session {
  first: number;
  last: number;
  /** The group of each machine, by a digest of its id. */
  machines: Record<string, Group>;
  /** The one group of all machines, once there are enough. */
  burst: Group | null;
  /** Alerts that became part of another: [from, into]. */
  merged: [string, string][];
}

/** A new execution. `at` is its start, ms. */
export interface Arrival {
  key: string;
  at: number;
  machine: string;
}

/** Sessions have one caller and one technique. */
export const sessionKeyOf = ({ caller, technique }: Execution): string =>
  `${callerKeyOf(caller)} ${technique}`;

export const arrivalOf = ({ key, startedAt, target }: Execution): Arrival => ({
  key,
  at: Date.parse(startedAt),
  machine: shortDigest(target.id.toLowerCase()),
});

/**
 * Adds executions to a caller's sessions, in any order, by their own times. Groups only grow and merge, so
 * the order of arrival does not matter. A closed or full alert takes nothing more: its group continues as a
 * new alert. Pure.
 * @param closed ids of closed alerts
 * @returns all sessions, and the alert of each arrival, indexed as in `arrivals`
 */
export function assignToSessions(
  sessionKey: string,
  known: readonly Session[],
  arrivals: readonly Arrival[],
  closed: ReadonlySet<string> = new Set(),
): { sessions: Session[]; alertOf: string[] } {
  let sessions: readonly Session[] = known;
  const joined: string[] = [];
  const inOrder = arrivals
    .map((arrival, index) => ({ ...arrival, index }))
    .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  for (const { key, at, machine, index } of inOrder) {
    const near = sessions.filter((session) => isNear(session, at, sessionKey));
    const session = joinSessions(near, at, closed);
    sessions = [...sessions.filter((each) => !near.includes(each)), session];
    const group = session.burst ?? session.machines[machine];
    const open = group && isOpen(group, closed);
    const id = open ? group.id : session.burst ? burstIdOf(sessionKey, key) : alertIdOf(key);
    const next = { id, size: (open ? group.size : 0) + 1 };
    if (session.burst) session.burst = next;
    else session.machines[machine] = next;
    joined[index] = id;
    if (Object.keys(session.machines).length >= minBurstMachines)
      joinMachines(session, { id: burstIdOf(sessionKey, key), size: 0 }, closed);
  }
  return { sessions: newest(sessions), alertOf: joined.map((id) => currentAlert(sessions, id)) };
}

/** The alert that this one became part of, or itself. */
export function currentAlert(sessions: readonly Session[], id: string): string {
  const into = new Map(sessions.flatMap(({ merged }) => merged));
  let current = id;
  for (let next = into.get(current); next !== undefined; next = into.get(current)) {
    into.delete(current);
    current = next;
  }
  return current;
}

/** The groups that executions form, whatever the order of arrival: alert ids with their executions. */
export function groupExecutions(executions: readonly Execution[]): Map<string, Execution[]> {
  const bySession = new Map<string, Execution[]>();
  for (const execution of executions) {
    const key = sessionKeyOf(execution);
    bySession.set(key, [...(bySession.get(key) ?? []), execution]);
  }
  const byAlert = new Map<string, Execution[]>();
  for (const [key, theirs] of bySession) {
    const { alertOf } = assignToSessions(key, [], theirs.map(arrivalOf));
    theirs.forEach((execution, index) => {
      const id = alertOf[index] as string;
      byAlert.set(id, [...(byAlert.get(id) ?? []), execution]);
    });
  }
  return byAlert;
}

const isOpen = ({ id, size }: Group, closed: ReadonlySet<string>): boolean =>
  !closed.has(id) && size < maxGroupSize;

const isNear = ({ first, last }: Session, at: number, sessionKey: string): boolean =>
  at >= first - groupGapMs && at <= last + groupGapMs && spanOf(sessionKey, first) === spanOf(sessionKey, at);

/** The number of the span that a time is in. Callers' spans begin at different times. */
function spanOf(sessionKey: string, at: number): number {
  const offset = Number.parseInt(shortDigest(sessionKey).slice(0, 8), 36) % groupSpanMs;
  return Math.floor((at + offset) / groupSpanMs);
}

/** One session of all these, and of an execution at this time. */
function joinSessions(parts: readonly Session[], at: number, closed: ReadonlySet<string>): Session {
  const session: Session = { first: at, last: at, machines: {}, burst: null, merged: [] };
  for (const part of [...parts].sort((a, b) => a.first - b.first)) {
    session.first = Math.min(session.first, part.first);
    session.last = Math.max(session.last, part.last);
    session.merged.push(...part.merged);
    for (const [machine, group] of Object.entries(part.machines))
      session.machines[machine] = joinGroups(session.machines[machine], group, session, closed);
    if (part.burst) session.burst = joinGroups(session.burst, part.burst, session, closed);
  }
  if (session.burst) joinMachines(session, session.burst, closed);
  return session;
}

function joinMachines(session: Session, burst: Group, closed: ReadonlySet<string>): void {
  session.burst = Object.values(session.machines).reduce(
    (into, group) => joinGroups(into, group, session, closed),
    burst,
  );
  session.machines = {};
}

/** Merges the second group into the first, unless it is closed or there would be too many executions. */
function joinGroups(
  into: Group | null | undefined,
  group: Group,
  session: Session,
  closed: ReadonlySet<string>,
): Group {
  if (!into || closed.has(into.id)) return group;
  if (closed.has(group.id) || into.size + group.size > maxGroupSize) return into;
  session.merged.push([group.id, into.id]);
  return { id: into.id, size: into.size + group.size };
}

/** Sessions of the last days, newest last. */
function newest(sessions: readonly Session[]): Session[] {
  const ordered = [...sessions].sort((a, b) => a.last - b.last);
  const since = (ordered.at(-1)?.last ?? 0) - keepMs;
  return ordered.filter(({ last }) => last >= since).slice(-maxSessions);
}
