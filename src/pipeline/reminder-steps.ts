import type { PolicyFile } from '../config/config';
import type { Alert } from '../domain/alerts/alert';
import type { Severity } from '../domain/alerts/severity';
import { isPending, type TimingStep, targetOf } from '../domain/alerts/timing';

export type Reminders = Record<Severity | 'sleeping', number>;

/**
 * Minutes before a reminder about an unacknowledged alert, by severity. `sleeping` is for alerts that were
 * taken and then left idle. RUNWATCH_CONFIG's `reminders` overrides these.
 */
export const defaultReminders: Reminders = { critical: 5, high: 15, medium: 60, low: 0, sleeping: 480 };
/** Minutes that a caller has to answer a question. RUNWATCH_CONFIG's `ask.minutes` overrides this. */
export const defaultAskMinutes = 30;

/** What is done about an open alert at a time, ms. `target` and `since` are in ms too. */
export type ReminderStep = { at: number } & (
  | { kind: 'unacknowledged'; round: number }
  | { kind: 'idle'; since: number }
  | { kind: 'unanswered'; minutes: number }
  | { kind: 'target'; step: TimingStep; target: number }
);

const minute = 60_000;
/** Reminders after 1, 3 and 9 times the wait: to the channel, to the escalation contacts, and as a page. */
const reminderFactors = [1, 3, 9];
/** Later than this, a reminder is dropped: the ids of sent ones are kept for 30 days only. */
const latestMs = 25 * 86_400_000;

/** All steps of an alert as it is now, past and future. Pure. */
export function reminderSteps(
  alert: Alert,
  policy: Pick<PolicyFile, 'reminders' | 'ask' | 'sla'>,
): ReminderStep[] {
  if (!alert.announced || alert.state === 'closed') return [];
  const reminders = { ...defaultReminders, ...policy.reminders };
  const sla = policy.sla ?? {};
  const wait = sla[alert.severity]?.acknowledge ?? reminders[alert.severity];
  const raisedAt = Date.parse(alert.raisedAt);
  const idle = idleSince(alert);
  const { asked } = alert.triage;
  const minutes = policy.ask?.minutes ?? defaultAskMinutes;
  return [
    ...(alert.state === 'new' && wait
      ? reminderFactors.map((factor, round) => ({
          kind: 'unacknowledged' as const,
          round,
          at: raisedAt + wait * factor * minute,
        }))
      : []),
    ...(idle !== null && reminders.sleeping
      ? [{ kind: 'idle' as const, since: idle, at: idle + reminders.sleeping * minute }]
      : []),
    ...(asked && !asked.answer && !asked.silentFor
      ? [{ kind: 'unanswered' as const, minutes, at: Date.parse(asked.at) + minutes * minute }]
      : []),
    ...(['contain', 'close'] as const).flatMap((step) => {
      const target = targetOf(alert.severity, step, sla);
      if (target === null || !isPending(alert, step)) return [];
      return [{ kind: 'target' as const, step, target, at: raisedAt + target + 1 }];
    }),
  ];
}

/** The steps that are due. Of the reminders of a new alert only the last, after an outage for example. Pure. */
export function dueSteps(steps: readonly ReminderStep[], now: number): ReminderStep[] {
  const due = steps.filter(({ kind, at }) => at <= now && (kind === 'unanswered' || now - at <= latestMs));
  const last = due.findLast(({ kind }) => kind === 'unacknowledged');
  return due.filter((step) => step.kind !== 'unacknowledged' || step === last);
}

/** When the next step is due, ms; Infinity if there is none. Pure. */
export const nextStepAt = (steps: readonly ReminderStep[], now: number): number =>
  Math.min(...steps.map(({ at }) => at).filter((at) => at > now), Infinity);

/** Time of the last state change of an alert that is neither new nor closed, ms; otherwise null. */
const idleSince = ({ state, history }: Pick<Alert, 'state' | 'history'>): number | null => {
  const last = history.at(-1);
  return state === 'new' || state === 'closed' || !last ? null : Date.parse(last.at);
};
