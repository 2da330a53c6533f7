import { type ActivityEvent, type Caller, upnOf } from '../activity/activity-event';
import { shortDigest } from '../text/short-digest';

/**
 * One run of an operation on a resource under a correlation id. Callers choose correlation ids (Terraform uses one for all
 * that it does), so one id may hold several runs, also of different callers.
 */
export interface Run {
  /** Key of the execution. */
  key: string;
  /** When its Started event was logged, ms; null while none was seen. */
  started: number | null;
  /** When its final event was logged, ms; null while none was seen. */
  ended: number | null;
  /** The earliest event, ms. */
  opened: number;
  /** Who called, by what identifies; null where no event said. */
  id: string | null;
  upn: string | null;
}

/** Azure's shapes round times differently. */
const sameMomentMs = 10;
/** More than this under one correlation id on one resource: the oldest that have ended are forgotten. */
const mostRuns = 200;

/**
 * Says which run each event belongs to, given the runs known before. Each Started event opens a run; a final event closes the
 * latest that was opened before it and is still open; an event that names no caller joins by time; events of different
 * callers never join.
 * @param base what all the events share: operation, resource and correlation id
 * @returns all runs, and the run's key of each event by the event's place in `events`
 */
export function assignRuns(
  base: string,
  known: readonly Run[],
  events: readonly ActivityEvent[],
): { runs: Run[]; keyOf: string[] } {
  const runs = known.map((run) => ({ ...run }));
  const keyOf: string[] = [];
  const inOrder = events
    .map((event, index) => ({ event, index, at: Date.parse(event.time), rank: rankOf(event) }))
    .sort((a, b) => a.at - b.at || a.rank - b.rank || (a.event.id < b.event.id ? -1 : 1));
  for (const { event, index, at, rank } of inOrder) {
    const theirs = runs.filter((run) => isCompatible(run, event.caller));
    const run = joined(theirs, at, rank) ?? opened(base, runs, at, event.caller);
    if (!runs.includes(run)) runs.push(run);
    if (rank === 0) run.started ??= at;
    if (rank === 2) run.ended ??= at;
    run.opened = Math.min(run.opened, at);
    run.id ??= event.caller.id;
    run.upn ??= upnOf(event.caller);
    keyOf[index] = run.key;
  }
  while (runs.length > mostRuns) runs.shift();
  return { runs, keyOf };
}

/** 0 opens a run, 1 is between, 2 ends it. */
const rankOf = ({ status }: ActivityEvent): 0 | 1 | 2 =>
  status === 'started' ? 0 : status === 'succeeded' || status === 'failed' ? 2 : 1;

function isCompatible(run: Run, caller: Caller): boolean {
  if (run.id && caller.id) return run.id.toLowerCase() === caller.id.toLowerCase();
  const upn = upnOf(caller);
  return !(run.upn && upn) || run.upn.toLowerCase() === upn.toLowerCase();
}

function joined(runs: readonly Run[], at: number, rank: 0 | 1 | 2): Run | undefined {
  const near = (moment: number | null) => moment !== null && Math.abs(moment - at) <= sameMomentMs;
  const latest = (some: readonly Run[]) => some.toSorted((a, b) => b.opened - a.opened)[0];
  const earliest = (some: readonly Run[]) => some.toSorted((a, b) => a.opened - b.opened)[0];
  const later = earliest(runs.filter((run) => run.started === null && run.opened >= at));
  if (rank === 0) return runs.find((run) => near(run.started)) ?? later;
  if (rank === 2)
    return (
      runs.find((run) => near(run.ended)) ??
      latest(runs.filter((run) => run.ended === null && run.opened <= at))
    );
  return latest(runs.filter((run) => run.opened <= at)) ?? later;
}

/** The first run has the key that all its events have in common; further ones are told apart by time and caller. */
function opened(base: string, runs: readonly Run[], at: number, caller: Caller): Run {
  const key = runs.length === 0 ? base : shortDigest(base, String(at), caller.id ?? upnOf(caller) ?? '');
  return { key, started: null, ended: null, opened: at, id: null, upn: null };
}
