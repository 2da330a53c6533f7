import type { Alert } from '../domain/alerts/alert';
import { dueAt, overdueSteps, type Sla, targetOf, timingOf, timingSteps } from '../domain/alerts/timing';
import { durationWords } from '../domain/text/duration';
import { phrase, t, translate } from '../domain/text/translate';
import type { Inline } from './inline';

const done = {
  acknowledge: phrase('Acknowledged'),
  contain: phrase('Contained'),
  close: phrase('Closed'),
} as const;
const names = {
  acknowledge: phrase('Acknowledgment'),
  contain: phrase('Containment'),
  close: phrase('Closure'),
} as const;

/**
 * "Contained after 40 min, 10 min late (target 30 min)", one line per step. A step still to be taken is
 * named if it has a target, with the time, so that the text changes only when the target is missed.
 */
export function responseTimes(alert: Alert, sla: Sla, now: number): Inline[][] {
  if (!alert.announced) return [];
  const timing = timingOf(alert);
  return timingSteps.flatMap((step): Inline[][] => {
    const target = targetOf(alert.severity, step, sla);
    const aim = target === null ? '' : t` (target ${durationWords(target)})`;
    const took = timing[step];
    if (took !== null) {
      const late = target !== null && took > target ? t`, ${durationWords(took - target)} late` : '';
      return [[t`${translate(done[step])} after ${durationWords(took)}${late}${aim}`]];
    }
    const due = dueAt(alert, step, sla);
    if (due === null) return [];
    return [
      [
        due <= now ? t`${translate(names[step])} overdue since ` : t`${translate(names[step])} due `,
        timeOf(due),
        aim,
      ],
    ];
  });
}

/** "Acknowledgment overdue since 14:05", for the first step that is overdue. */
export function overdueText(alert: Alert, sla: Sla, now: number): Inline[] {
  const [first] = alert.announced ? overdueSteps(alert, sla, now) : [];
  return first ? [t`${translate(names[first.step])} overdue since `, timeOf(first.since)] : [];
}

const timeOf = (at: number): Inline => ({ time: new Date(at).toISOString() });
