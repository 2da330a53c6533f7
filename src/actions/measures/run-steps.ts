import { AzureError } from '../../azure/connection/azure-error';
import { Refusal } from '../../domain/alerts/transitions';
import type { AuditDraft } from '../../domain/audit/audit-chain';
import { isHeld, isInProgress, type Measure, type MeasureStep } from '../../domain/measures/measure';
import { redactSecrets } from '../../domain/text/redactor';
import { t } from '../../domain/text/translate';
import { span } from '../../runtime/tracing';
import type { ActionDeps, CheckedPress } from '../action';
import { isTransient, UnknownOutcomeError, wasNotAccepted } from './failures';
import type { MeasureKind } from './measure-kind';
import { draft, isGenuine, showAll, signed, tamperedError, withAlert, wordsOf } from './measure-record';
import type { Outcome } from './outcome';

/** Marks each completed step, so that another process can resume after it. */
export async function runSteps(
  kind: MeasureKind,
  found: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  const { store, azure, show } = deps;
  const target = { id: found.target, name: found.name };
  const undoing = found.way === 'undo';
  if (!isGenuine(found, deps)) throw tamperedError(found);
  let measure = await claimMeasure(kind, found, press, deps);
  const change = async (next: (current: Measure) => Measure, audit: AuditDraft[] = []) => {
    const stored = await store.measures.update(found.id, (current) => {
      if (!current || current.press !== press.pressId)
        throw new Refusal(t`${found.name}: another press took over.`);
      if (!isGenuine(current, deps)) throw tamperedError(current);
      return { measure: signed(deps, next(current)), audit };
    });
    measure = stored as Measure;
  };
  const note = (index: number, state: MeasureStep['state']) =>
    change((current) => ({
      ...current,
      steps: current.steps.map((step, i) => (i === index ? { ...step, state } : step)),
    }));
  const stepsOf = () => (undoing ? (kind.undo?.steps(measure.before) ?? []) : kind.steps(measure.before));
  for (let index = 0; index < measure.steps.length; index++) {
    const step = stepsOf()[index];
    const known = measure.steps[index]?.state;
    if (!step || known === 'done') continue;
    if (step.once && known === 'asked') throw new UnknownOutcomeError(step.words);
    if (known === 'waiting') await note(index, 'asked');
    try {
      await span('step', { 'runwatch.measure': kind.kind, 'runwatch.step': index + 1 }, () =>
        step.run({
          azure,
          store,
          rescore: deps.rescore,
          now: deps.now,
          keyring: deps.keyring,
          measure,
          save: (before) => change((current) => ({ ...current, before })),
        }),
      );
    } catch (error) {
      if (known === 'waiting' && wasNotAccepted(error)) await note(index, 'waiting');
      else if (step.once && isTransient(error)) throw new UnknownOutcomeError(step.words);
      throw error;
    }
    await note(index, 'done');
    if (index < measure.steps.length - 1) await showAll(measure, store, show);
  }
  const checked = !undoing && kind.check ? await checkOn(kind, measure, deps) : undefined;
  const says = undoing ? (kind.undo?.says(measure.before) ?? '') : kind.says(measure.before);
  await change(
    (current) => ({
      ...current,
      state: undoing ? 'undone' : kind.passes ? 'done' : 'in force',
      says,
      reason: undefined,
      dismissed: undefined,
      ...(checked ? { checked } : {}),
    }),
    [draft(press, measure, 'done', null, { before: measure.before, ...(checked ? { checked } : {}) })],
  );
  await moveAlerts(kind, measure, press, deps);
  await showAll(measure, store, show);
  return { target, result: 'done', text: says };
}

/** Claims a measure in progress for this press. */
export async function claimMeasure(
  kind: MeasureKind,
  measure: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Measure> {
  const { store } = deps;
  if (measure.press === press.pressId && isInProgress(measure)) return measure;
  const stored = await store.measures.update(measure.id, (current) => {
    if (!current || current.rev !== measure.rev)
      throw new Refusal(t`${measure.name} just changed. Check its current state.`);
    if (!isGenuine(current, deps)) throw tamperedError(current);
    const steps =
      current.way === 'do' ? kind.steps(current.before) : (kind.undo?.steps(current.before) ?? []);
    return {
      measure: signed(deps, {
        ...current,
        state: current.way === 'do' ? 'doing' : 'undoing',
        by: press.by,
        at: press.at,
        press: press.pressId,
        approvedBy: press.approvedBy,
        alerts: withAlert(current.alerts, press.alertId),
        reason: undefined,
        dismissed: undefined,
        // A manual retry means that someone has checked the result of a step with an unknown outcome.
        steps: current.steps.map((step, index) =>
          step.state === 'asked' && steps[index]?.once ? { ...step, state: 'waiting' } : step,
        ),
      }),
      audit: [draft(press, current, 'started', 'retried', { plan: wordsOf(current.steps) })],
    };
  });
  return stored as Measure;
}

export async function checkOn(
  kind: MeasureKind,
  measure: Measure,
  deps: ActionDeps,
): Promise<Measure['checked']> {
  const at = new Date(deps.now()).toISOString();
  try {
    const found = await kind.check?.(measure.before, deps);
    return found && { at, ...found };
  } catch (error) {
    if (isTransient(error) && !(error instanceof AzureError)) throw error;
    return { at, verified: false, notes: [redactSecrets((error as Error).message)] };
  }
}

/**
 * Updates the state of the alerts that requested it: contained once in force, investigating again once
 * undone.
 */
export async function moveAlerts(
  kind: MeasureKind,
  measure: Measure,
  press: CheckedPress,
  { store }: ActionDeps,
): Promise<void> {
  const undone = measure.way === 'undo';
  const move = undone ? kind.onUndone : kind.onDone;
  if (!move) return;
  for (const id of undone ? measure.alerts : [press.alertId]) {
    const alert = id ? await store.alerts.get(id) : null;
    if (!alert) continue;
    if (undone) {
      const { measures } = await store.measures.viewOf(alert);
      if (measures.some((other) => other.kind === kind.kind && isHeld(other))) continue;
    }
    await store.alerts.update(id, (current) => {
      const moved = current && move(current, { by: press.by, at: press.at });
      return moved && moved !== current ? { alert: moved } : null;
    });
  }
}
