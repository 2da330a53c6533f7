import pLimit from 'p-limit';
import { AzureError } from '../../azure/connection/azure-error';
import type { Alert } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import { isHeld, isInProgress, type Measure, measureIdOf } from '../../domain/measures/measure';
import { secondPersonOf } from '../../domain/measures/second-person';
import { t } from '../../domain/text/translate';
import type { ActionDeps, CheckedPress } from '../action';
import { decide } from './decide';
import type { DefinedKind, MeasureKind, Target } from './measure-kind';
import {
  draft,
  isGenuine,
  showAll,
  signed,
  tamperedError,
  waiting,
  withAlert,
  wordsOf,
} from './measure-record';
import type { Outcome } from './outcome';
import { failedOn } from './record-failure';
import { moveAlerts, runSteps } from './run-steps';

/** How many targets are processed concurrently. */
const maxConcurrentTargets = 16;

/**
 * Applies a measure to each target concurrently, with a separate result for each. Safe to run again from any
 * point: the prior state is saved before a change, and each step is marked when it completes.
 * @throws the first transient failure, so that the job is retried, unless this is the last attempt
 */
export async function carryOut(
  kind: MeasureKind,
  targets: readonly Target[],
  press: CheckedPress,
  alert: Alert | null,
  deps: ActionDeps,
): Promise<Outcome[]> {
  const alone = targets.length === 1;
  return onEach(targets, (target) => applyTo(kind, target, press, alert, alone, deps));
}

/** Retries failed measures concurrently, each from the step that failed. */
export async function retryAll(
  measures: readonly Measure[],
  kindOf: (kind: string) => DefinedKind | null,
  press: CheckedPress,
  alert: Alert | null,
  deps: ActionDeps,
): Promise<Outcome[]> {
  return onEach(measures, async (measure) => {
    const kind = kindOf(measure.kind);
    if (!kind) throw new Refusal(t`${measure.kind} is not supported by this version.`);
    const again: CheckedPress = {
      ...press,
      action: measure.way === 'undo' ? kind.undoneBy : kind.doneBy,
      input: measure.input,
      approvedBy: press.approvedBy ?? secondPersonOf(measure, press.by),
    };
    const target = { id: measure.target, name: measure.name };
    return measure.way === 'undo'
      ? undoFor(kind, measure, again, deps)
      : applyTo(kind, target, again, alert, false, deps);
  });
}

/** Restores the prior state of each target. */
export async function undoAll(
  kind: MeasureKind,
  measures: readonly Measure[],
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome[]> {
  return onEach(measures, (measure) => undoFor(kind, measure, press, deps));
}

async function onEach<T>(items: readonly T[], work: (item: T) => Promise<Outcome>): Promise<Outcome[]> {
  const limit = pLimit(maxConcurrentTargets);
  const settled = await Promise.allSettled(items.map((item) => limit(() => work(item))));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function applyTo(
  kind: MeasureKind,
  target: Target,
  press: CheckedPress,
  alert: Alert | null,
  alone: boolean,
  deps: ActionDeps,
): Promise<Outcome> {
  const id = measureIdOf(kind.kind, target.id);
  try {
    for (;;) {
      const current = await deps.store.measures.get(id);
      const decided = decide(kind, current, press, deps.now());
      if (current && decided === 'finished') return await finishedOn(kind, current, press, deps);
      if (current && decided === 'join' && !(await hasDrifted(kind, current, deps)))
        return await join(kind, current, target, press, deps);
      if (current && decided === 'resume') return await runSteps(kind, current, press, deps);
      if (kind.needsUnlocked) await refuseWhileLocked(kind, target, deps);
      const earlier = current && isHeld(current) && isGenuine(current, deps) ? current.before : null;
      const before = await kind.prepare(target, press, deps, alert, earlier);
      const started = await start(kind, { target, press, before, current }, deps);
      if (started) return await runSteps(kind, started, press, deps);
    }
  } catch (error) {
    if (error instanceof Refusal && alone) throw error;
    return failedOn(kind, target, 'do', error, press, deps);
  }
}

/**
 * Whether someone reverted it manually; if so, it is applied again. If Azure can't be read, assume that
 * nothing changed.
 */
async function hasDrifted(kind: MeasureKind, { before }: Measure, deps: ActionDeps): Promise<boolean> {
  const found = await kind.drift?.(before, deps).catch((error: unknown) => {
    if (error instanceof AzureError) return null;
    throw error;
  });
  return typeof found === 'string';
}

/** The result when an earlier attempt of this press finished the measure. */
async function finishedOn(
  kind: MeasureKind,
  measure: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  const target = { id: measure.target, name: measure.name };
  if (measure.state === 'failed') return { target, result: 'failed', text: `${measure.reason}.` };
  await moveAlerts(kind, measure, press, deps);
  return { target, result: 'done', text: measure.says };
}

/** Another press already applied it. This alert shows the measure and may undo it too. */
async function join(
  kind: MeasureKind,
  measure: Measure,
  target: Target,
  press: CheckedPress,
  { store, show }: ActionDeps,
): Promise<Outcome> {
  const differs = kind.differs?.(measure.before, press);
  if (differs) throw new Refusal(differs);
  const text = t`${measure.name}: already in force, by ${measure.by.name}.`;
  await store.audit.append(
    [draft(press, measure, 'done', t`already in force`)],
    `${press.pressId} ${measure.id}`,
  );
  if (press.alertId && !measure.alerts.includes(press.alertId)) {
    await store.measures.update(measure.id, (current) =>
      current ? { measure: { ...current, alerts: withAlert(current.alerts, press.alertId) } } : null,
    );
    await show(press.alertId);
  }
  return { target, result: 'joined', text };
}

/** Checks for a lock by Runwatch first, because it would make Azure reject the change partway. */
async function refuseWhileLocked(kind: MeasureKind, target: Target, { store }: ActionDeps): Promise<void> {
  for (const subject of kind.subjects(target).filter((one) => one.startsWith('machine:'))) {
    const lock = await store.measures.get(measureIdOf('lock', subject.slice('machine:'.length)));
    if (lock && isHeld(lock))
      throw new Refusal(
        t`${lock.name} is locked by Runwatch, so Azure rejects every change. Unlock it first.`,
      );
  }
}

async function start(
  kind: MeasureKind,
  {
    target,
    press,
    before,
    current,
  }: { target: Target; press: CheckedPress; before: object; current: Measure | null },
  deps: ActionDeps,
): Promise<Measure | null> {
  const { store, show } = deps;
  let taken = false;
  const stored = await store.measures.update(measureIdOf(kind.kind, target.id), (known) => {
    taken = (known?.rev ?? 0) === (current?.rev ?? 0);
    if (!taken) return null;
    const measure = signed(deps, {
      id: measureIdOf(kind.kind, target.id),
      kind: kind.kind,
      target: target.id,
      name: target.name,
      subjects: [...kind.subjects(target)],
      rev: known?.rev ?? 0,
      ...(kind.passes ? { passes: true as const } : {}),
      state: 'doing',
      way: 'do',
      action: press.action,
      input: press.input,
      by: press.by,
      ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
      at: press.at,
      changedAt: press.at,
      press: press.pressId,
      alerts: withAlert(known?.alerts ?? [], press.alertId),
      before: before as Record<string, unknown>,
      steps: waiting(kind.steps(before as Record<string, unknown>)),
      says: '',
    });
    return {
      measure,
      audit: [draft(press, measure, 'started', null, { before, plan: wordsOf(measure.steps) })],
    };
  });
  if (!taken || !stored) return null;
  await showAll(stored, store, show);
  return stored;
}

async function undoFor(
  kind: MeasureKind,
  found: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  const target = { id: found.target, name: found.name };
  try {
    const claimed = await deps.store.measures.update(found.id, (current) => {
      if (!current) throw new Refusal(t`This record has expired.`);
      const mine = current.press === press.pressId;
      if (current.way === 'undo' && mine) return null;
      if (current.state === 'undone')
        throw new Refusal(t`${current.name}: ${current.by.name} already undid this.`);
      if (isInProgress(current))
        throw new Refusal(
          t`${current.name}: ${current.state === 'doing' ? t`still in progress` : t`undo already in progress`}, requested by ${current.by.name}.`,
        );
      if (!isGenuine(current, deps)) throw tamperedError(current);
      const steps = waiting(kind.undo?.steps(current.before) ?? []);
      const measure = signed(deps, {
        ...current,
        state: 'undoing',
        way: 'undo',
        applied:
          current.way === 'do'
            ? { by: current.by, approvedBy: current.approvedBy, at: current.at }
            : current.applied,
        action: press.action,
        input: press.input,
        by: press.by,
        approvedBy: press.approvedBy,
        at: press.at,
        press: press.pressId,
        alerts: withAlert(current.alerts, press.alertId),
        steps,
        reason: undefined,
        dismissed: undefined,
        checked: undefined,
      });
      return { measure, audit: [draft(press, measure, 'started', null, { plan: wordsOf(steps) })] };
    });
    if (claimed?.state === 'undone') return await finishedOn(kind, claimed, press, deps);
    if (claimed?.state === 'failed') return { target, result: 'failed', text: `${claimed.reason}.` };
    if (kind.needsUnlocked) await refuseWhileLocked(kind, target, deps);
    await showAll(claimed as Measure, deps.store, deps.show);
    return await runSteps(kind, claimed as Measure, press, deps);
  } catch (error) {
    return failedOn(kind, target, 'undo', error, press, deps);
  }
}
