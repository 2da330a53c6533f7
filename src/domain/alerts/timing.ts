import type { Alert, StateChange } from './alert';
import type { Severity } from './severity';

export const timingSteps = ['acknowledge', 'contain', 'close'] as const;
export type TimingStep = (typeof timingSteps)[number];

/** Time from when an alert was raised to each step, ms; null if the step was not taken. */
export type Timing = Record<TimingStep, number | null>;

/** Minutes from when an alert is raised until a step should be taken, by severity. */
export type Sla = Partial<Record<Severity, Partial<Record<TimingStep, number | undefined>> | undefined>>;

type Timed = Pick<Alert, 'raisedAt' | 'state' | 'history'> & Partial<Pick<Alert, 'mergedInto'>>;

const minute = 60_000;

/**
 * An alert counts as acknowledged with its first change of state, as contained with its first containment,
 * and as closed with its last close, unless it was reopened. Becoming part of another alert is no close. Pure.
 */
export function timingOf({ raisedAt, state, history: all, mergedInto }: Timed): Timing {
  const history = mergedInto ? all.filter(({ by }) => by.surface !== 'runwatch') : all;
  const since = (change: StateChange | undefined) =>
    change ? Math.max(0, Date.parse(change.at) - Date.parse(raisedAt)) : null;
  return {
    acknowledge: since(history.find(({ to }) => to !== 'new')),
    contain: since(history.find(({ to }) => to === 'contained')),
    close: state === 'closed' && !mergedInto ? since(history.findLast(({ to }) => to === 'closed')) : null,
  };
}

/** The steps that `after` reached for the first time, with their time in ms. Pure. */
export function stepsReached(before: Timed | null, after: Timed): { step: TimingStep; ms: number }[] {
  const timing = timingOf(after);
  const known = before ? timingOf(before) : null;
  const wasClosed = before?.history.some(({ to }) => to === 'closed') ?? false;
  return timingSteps.flatMap((step) => {
    const ms = timing[step];
    const reached = step === 'close' ? wasClosed : (known?.[step] ?? null) !== null;
    return ms === null || reached ? [] : [{ step, ms }];
  });
}

/** The target of a step, ms; null without one. */
export function targetOf(severity: Severity, step: TimingStep, sla: Sla): number | null {
  const minutes = sla[severity]?.[step];
  return minutes === undefined ? null : minutes * minute;
}

/** Whether the step is still to be taken. A closed alert needs none. */
export const isPending = (alert: Timed, step: TimingStep): boolean =>
  alert.state !== 'closed' && timingOf(alert)[step] === null;

/** The steps that were taken after their target, or are past it now. Pure. */
export function missedSteps(alert: Timed & Pick<Alert, 'severity'>, sla: Sla, now: number): TimingStep[] {
  const timing = timingOf(alert);
  return timingSteps.filter((step) => {
    const target = targetOf(alert.severity, step, sla);
    const took = timing[step] ?? (isPending(alert, step) ? now - Date.parse(alert.raisedAt) : null);
    return target !== null && took !== null && took > target;
  });
}

/** When a step that is still to be taken should be, ms; null without a target. */
export function dueAt(alert: Timed & Pick<Alert, 'severity'>, step: TimingStep, sla: Sla): number | null {
  const target = targetOf(alert.severity, step, sla);
  return target === null || !isPending(alert, step) ? null : Date.parse(alert.raisedAt) + target;
}

/** The steps still to be taken that are past their target, and since when, ms. Pure. */
export const overdueSteps = (
  alert: Timed & Pick<Alert, 'severity'>,
  sla: Sla,
  now: number,
): { step: TimingStep; since: number }[] =>
  timingSteps.flatMap((step) => {
    const since = dueAt(alert, step, sla);
    return since !== null && since <= now ? [{ step, since }] : [];
  });

/** Median and 90th percentile, by nearest rank; null without values. Pure. */
export function spreadOf(values: readonly number[]): { median: number; p90: number } | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  const [median, p90] = [at(0.5), at(0.9)];
  return median === undefined || p90 === undefined ? null : { median, p90 };
}
