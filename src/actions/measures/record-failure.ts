import { Refusal } from '../../domain/alerts/transitions';
import { isHeld, isInProgress, type Measure, measureIdOf } from '../../domain/measures/measure';
import { runwatchActor } from '../../domain/people/person';
import { redactSecrets } from '../../domain/text/redactor';
import { t, translate } from '../../domain/text/translate';
import type { ActionDeps, CheckedPress } from '../action';
import { isTransient, reasonOf } from './failures';
import type { MeasureKind, Target } from './measure-kind';
import { draft, showAll, signed, withAlert } from './measure-record';
import type { Outcome } from './outcome';

export async function failedOn(
  kind: MeasureKind,
  target: Target,
  way: Measure['way'],
  error: unknown,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  if (isTransient(error) && !press.lastTry) throw error;
  const { store, show, log } = deps;
  const message = redactSecrets(error instanceof Error ? error.message : String(error));
  const known = await store.measures.get(measureIdOf(kind.kind, target.id));
  const other = known && (isInProgress(known) || isHeld(known)) && known.press !== press.pressId;
  if (error instanceof Refusal && (other || known?.state === 'undone')) {
    await store.audit.append(
      [draft(press, { target: target.id }, 'refused', message)],
      `${press.pressId} ${target.id} refused`,
    );
    return { target, result: 'refused', text: message };
  }
  log.error({ error, action: press.action, alertId: press.alertId, target: target.id }, 'a measure failed');
  const reason = t`${nameOf(kind, way)} did not go through: ${reasonOf(error, message)}`;
  const stored = await store.measures.update(measureIdOf(kind.kind, target.id), (current) => {
    const isOthers = current !== null && current.press !== press.pressId;
    if (isOthers && current.state !== 'failed' && (isInProgress(current) || isHeld(current))) return null;
    const measure: Measure =
      current && (current.press === press.pressId || (current.state === 'failed' && isHeld(current)))
        ? { ...current, state: 'failed', reason, press: press.pressId }
        : signed(deps, failedBeforeStart(kind, target, way, reason, press, current));
    return { measure, audit: [draft(press, measure, 'failed', message)] };
  });
  if (stored) await showAll(stored, store, show);
  return { target, result: 'failed', text: `${reason}.` };
}

/** A measure that failed before any change. It is stored so that people see the failure and can retry it. */
export const failedBeforeStart = (
  kind: MeasureKind,
  target: Target,
  way: Measure['way'],
  reason: string,
  press: CheckedPress,
  current: Measure | null,
): Omit<Measure, 'signature'> => ({
  id: measureIdOf(kind.kind, target.id),
  kind: kind.kind,
  target: target.id,
  name: target.name,
  subjects: [...kind.subjects(target)],
  rev: current?.rev ?? 0,
  ...(kind.passes ? { passes: true as const } : {}),
  state: 'failed',
  way,
  action: press.action,
  input: press.input,
  by: press.by,
  ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
  at: press.at,
  changedAt: press.at,
  press: press.pressId,
  alerts: withAlert(current?.alerts ?? [], press.alertId),
  before: {},
  steps: [],
  says: '',
  reason,
});

export const nameOf = ({ name, undoName }: MeasureKind, way: Measure['way']) =>
  translate(way === 'undo' ? (undoName ?? name) : name);

/**
 * Marks a press's measures in progress as failed when the press ended early.
 * @param pressId null: all measures whose process is considered dead
 */
export async function failInProgress(
  pressId: string | null,
  why: string,
  { store, show, now }: Pick<ActionDeps, 'store' | 'show' | 'now'>,
): Promise<void> {
  const at = new Date(now()).toISOString();
  const isMeant = (one: Measure) =>
    isInProgress(one) &&
    (pressId === null
      ? now() - Date.parse(one.changedAt) > abandonedMs
      : one.press === pressId || one.press.startsWith(`${pressId}.`));
  for (const { id } of (await store.measures.listOpen()).filter(isMeant)) {
    const stored = await store.measures.update(id, (current) =>
      current && isMeant(current)
        ? {
            measure: { ...current, state: 'failed', reason: why },
            audit: [
              {
                at,
                by: runwatchActor,
                action: current.action,
                alertId: current.alerts.at(-1) ?? null,
                object: current.target,
                result: 'failed',
                why,
              },
            ],
          }
        : null,
    );
    if (stored) await showAll(stored, store, show);
  }
}

/** Milliseconds without progress after which a measure's process is considered dead. */
export const abandonedMs = 20 * 60000;
