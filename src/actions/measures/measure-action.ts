import { Refusal } from '../../domain/alerts/transitions';
import type { AlertView } from '../../domain/measures/alert-view';
import {
  isHeld,
  isInProgress,
  isOpenFailure,
  type Measure,
  measureIdOf,
  measuresOf,
} from '../../domain/measures/measure';
import { t, translate } from '../../domain/text/translate';
import type { AlertAction, PressJob } from '../action';
import { defineAction, defineMeasure } from '../registry';
import { carryOut, undoAll } from './carry-out';
import type { MeasureKind, Target } from './measure-kind';
import { describeOutcomes, type Outcome } from './outcome';

type Shown = Pick<
  AlertAction,
  | 'id'
  | 'label'
  | 'summary'
  | 'order'
  | 'often'
  | 'style'
  | 'permissions'
  | 'graph'
  | 'input'
  | 'fields'
  | 'sameRightAs'
  | 'optIn'
> & {
  confirm: NonNullable<AlertAction['confirm']>;
};

interface MeasureAction<Before extends object> extends Shown {
  group: AlertAction['group'];
  fourEyes?: true | 'always';
  kind: MeasureKind<Before>;
  /** The targets of a press on this alert. */
  targets: (view: AlertView) => readonly Target[];
  /** Whether it applies to the alert, regardless of existing measures. */
  fits: (view: AlertView) => boolean;
  undo?: Shown;
}

/**
 * Defines an action that applies a measure to the alert's targets, and the action that undoes it.
 * @example
 * defineMeasureAction({ id: 'lock', kind: lockKind, targets: theMachine, fits: isOneMachine, …, undo: { … } })
 */
export function defineMeasureAction<Before extends object>({
  kind: typed,
  targets,
  fits,
  undo,
  ...shown
}: MeasureAction<Before>): void {
  const kind = {
    ...(typed as unknown as MeasureKind),
    doneBy: shown.id,
    undoneBy: undo?.id ?? shown.id,
  };
  defineMeasure(kind);
  const common = { about: 'alert', right: 'responder' } as const;
  defineAction<AlertAction>({
    ...common,
    ...shown,
    name: kind.name,
    offered: (view) => fits(view) && remainingTargets(kind, targets(view), view).length > 0,
    run: async (view, press, deps) => {
      const all = targets(view);
      if (all.length === 0) throw new Refusal(t`There is nothing to ${translate(kind.name).toLowerCase()}.`);
      return answerFrom(await carryOut(kind, all, press, view.alert, deps));
    },
    pinnedTo: (view) => (fits(view) ? targets(view).map(({ id }) => id.toLowerCase()) : []),
    plan: async (view, press, deps) => planOf(kind, targets(view), view, press, deps),
  });
  if (!undo) return;
  defineAction<AlertAction>({
    ...common,
    ...undo,
    group: shown.group,
    name: kind.undoName ?? kind.name,
    undoes: shown.id,
    ...(undo.sameRightAs || shown.fourEyes ? { sameRightAs: undo.sameRightAs ?? shown.id } : {}),
    whenClosed: true,
    offered: ({ measures }) => undoableMeasures(kind, measures).length > 0,
    run: async (view, press, deps) => {
      const held = undoableMeasures(kind, view.measures, press.pressId);
      if (held.length === 0) throw new Refusal(nothingToUndo(kind, view));
      return answerFrom(await undoAll(kind, held, press, deps));
    },
    plan: async (view) =>
      undoableMeasures(kind, view.measures).flatMap(
        ({ before }) => kind.undo?.steps(before).map(({ words }) => words) ?? [],
      ),
  });
}

/** @throws {Refusal} when every target refused */
function answerFrom(outcomes: readonly Outcome[]): string | null {
  const text = describeOutcomes(outcomes);
  if (outcomes.every(({ result }) => result === 'refused')) throw new Refusal(text ?? t`Nothing was done.`);
  return text;
}

/** The targets where it is not in force yet. */
function remainingTargets(
  kind: MeasureKind,
  targets: readonly Target[],
  { alert, measures }: AlertView,
): Target[] {
  const done = new Set(
    measuresOf(measures, kind.kind)
      .filter(
        (one) =>
          (one.state === 'in force' && !(kind.renewable && !one.alerts.includes(alert.id))) ||
          isInProgress(one) ||
          (isOpenFailure(one) && one.way === 'undo'),
      )
      .map(({ id }) => id),
  );
  return targets.filter(({ id }) => !done.has(measureIdOf(kind.kind, id)));
}

/** The measures that can be undone, and those that this press is already undoing. */
const undoableMeasures = (kind: MeasureKind, measures: readonly Measure[], pressId?: string): Measure[] =>
  measuresOf(measures, kind.kind).filter(
    (one) => (isHeld(one) && one.state !== 'doing') || (pressId !== undefined && one.press === pressId),
  );

function nothingToUndo(kind: MeasureKind, { measures }: AlertView): string {
  const last = measuresOf(measures, kind.kind).at(-1);
  if (last?.state === 'doing') return t`${last.name}: still in progress, requested by ${last.by.name}.`;
  return last?.state === 'undone'
    ? t`${last.name}: ${last.by.name} already undid this.`
    : t`${translate(kind.name)} was not done here, so there is nothing to undo.`;
}

async function planOf(
  kind: MeasureKind,
  targets: readonly Target[],
  view: AlertView,
  press: PressJob,
  deps: Parameters<MeasureKind['prepare']>[2],
): Promise<string[]> {
  const lacking = remainingTargets(kind, targets, view);
  const lines = await Promise.all(
    lacking.map(async (target) =>
      kind.steps(await kind.prepare(target, press, deps, view.alert, null)).map(({ words }) => words),
    ),
  );
  return lines.flat();
}
