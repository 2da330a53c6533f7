import { type ActivityEvent, type Caller, upnOf } from '../activity/activity-event';
import { shortDigest } from '../text/short-digest';

/**
 * One run of an operation on a resource under one correlation id. Callers choose correlation ids (Terraform
 * uses one for a whole apply). So one id may contain several runs, even by different callers.
 */
export interface Run {
  /** Key of the execution. */
  key: string;
  /** When its Started event was logged, in ms; null if none was seen. */
  started: number | null;
  /** When its final event was logged, in ms; null if none was seen. */
  ended: number | null;
  /** Time of the earliest event, in ms. */
  opened: number;
  /** The caller's identifiers; null if no event has one. */
  id: string | null;
  upn: string | null;
}

/** Tolerance in ms, because Azure's shapes round times differently. */
const timeToleranceMs = 10;
/** Maximum runs per correlation id and resource. Beyond it, the oldest are dropped. */
const maxRuns = 200;

/**
 * Assigns each event to a run. A Started event opens a run. A final event closes the latest open run that
 * started before it. An event without a caller joins by time. Events of different callers never join.
 * @param base what all the events share: operation, resource and correlation id
 * @returns all runs, and each event's run key, indexed as in `events`
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
  while (runs.length > maxRuns) runs.shift();
  return { runs, keyOf };
}

/** 0 opens a run, 1 is in between, 2 ends it. */
const rankOf = ({ status }: ActivityEvent): 0 | 1 | 2 =>
  status === 'started' ? 0 : status === 'succeeded' || status === 'failed' ? 2 : 1;

function isCompatible(run: Run, caller: Caller): boolean {
  if (run.id && caller.id) return run.id.toLowerCase() === caller.id.toLowerCase();
  const upn = upnOf(caller);
  return !(run.upn && upn) || run.upn.toLowerCase() === upn.toLowerCase();
}

function joined(runs: readonly Run[], at: number, rank: 0 | 1 | 2): Run | undefined {
  const near = (moment: number | null) => moment !== null && Math.abs(moment - at) <= timeToleranceMs;
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

/** The first run uses the shared key. Later runs add time and caller. */
function opened(base: string, runs: readonly Run[], at: number, caller: Caller): Run {
  const key = runs.length === 0 ? base : shortDigest(base, String(at), caller.id ?? upnOf(caller) ?? '');
  return { key, started: null, ended: null, opened: at, id: null, upn: null };
}
