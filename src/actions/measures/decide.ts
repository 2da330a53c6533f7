import { Refusal } from '../../domain/alerts/transitions';
import { isHeld, type Measure } from '../../domain/measures/measure';
import { canonicalJson } from '../../domain/text/canonical-json';
import { counted, t, translate } from '../../domain/text/translate';
import type { CheckedPress } from '../action';
import type { MeasureKind } from './measure-kind';

/** Decides what a press does, given its target's stored measure. Pure. */
export function decide(
  kind: Pick<MeasureKind, 'again' | 'renewable' | 'name'>,
  measure: Measure | null,
  press: Pick<CheckedPress, 'pressId' | 'alertId' | 'input'>,
  now: number,
): Decision {
  if (!measure || measure.state === 'undone') return 'start';
  const age = now - Date.parse(measure.changedAt);
  const mine = measure.press === press.pressId;
  switch (measure.state) {
    case 'doing':
      if (mine) return 'resume';
      throw new Refusal(
        t`${measure.name}: already in progress, requested by ${measure.by.name}. Wait for the result.`,
      );
    case 'undoing':
      throw new Refusal(t`${measure.name}: undo in progress. Wait until it finishes.`);
    case 'in force':
      if (mine) return 'finished';
      return kind.renewable && !measure.alerts.includes(press.alertId) ? 'start' : 'join';
    case 'done':
      if (mine) return 'finished';
      if (!kind.again && measure.alerts.at(-1) === press.alertId)
        throw new Refusal(t`${measure.name}: ${measure.by.name} already did this.`);
      if (kind.again && age < minRepeatMs)
        throw new Refusal(
          t`${measure.name}: ${measure.by.name} did that ${Math.round(age / 1000)} s ago. Wait ${counted(minRepeatMs / 60000, '# minute', '# minutes')} before you repeat it.`,
        );
      return 'start';
    case 'drifted':
      return 'start';
    case 'failed':
      if (mine) return 'finished';
      if (measure.way === 'undo' && !measure.dismissed)
        throw new Refusal(t`${measure.name}: the undo failed. Retry or dismiss it first.`);
      if (measure.way === 'undo' || !isHeld(measure)) return 'start';
      if (canonicalJson(measure.input ?? {}) !== canonicalJson(press.input ?? {}))
        throw new Refusal(
          t`${measure.name}: an earlier ${translate(kind.name)} with other options is incomplete. Retry or undo it first.`,
        );
      return 'resume';
  }
}

export type Decision = 'start' | 'resume' | 'join' | 'finished';

/** Minimum interval, in ms, before a measure without lasting state, such as a restart, may be repeated. */
export const minRepeatMs = 2 * 60000;
