import type { PolicyFile } from '../config/config';
import { type Alert, summarize } from '../domain/alerts/alert';
import { channelFor } from '../domain/alerts/routing';
import { mostUrgentFirst } from '../domain/alerts/severity';
import { overdueSteps, type TimingStep } from '../domain/alerts/timing';
import type { Presser } from '../domain/people/person';
import { durationWords } from '../domain/text/duration';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import type { Press } from '../presses/press';
import type { Notice } from '../store/deliveries';
import type { Store } from '../store/store';
import type { Queues } from './queues';
import { readRoutedAlert } from './read-routed-alert';
import { dueSteps, nextStepAt, type ReminderStep, reminderSteps } from './reminder-steps';

export interface RemindDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  policy: PolicyFile;
  press: (press: Press) => Promise<string>;
  now: () => number;
}

const minute = 60_000;
const pageSize = 100;
/** Limit of pages per severity, so that a fault in the index can't keep the job running. */
const maxPages = 2000;
/** When an alert whose reminder failed is tried again, ms. */
const retryMs = 30_000;

/**
 * Sends one reminder for each unacknowledged or idle alert, and notes each caller who did not answer. Reads
 * only open alerts with a step that may be due, the most urgent severity first.
 */
export async function remind(deps: RemindDeps): Promise<void> {
  const { store } = deps;
  const now = deps.now();
  const failures: unknown[] = [];
  for (const severity of mostUrgentFirst)
    for (let page = 0; page < maxPages; page++) {
      const alerts = await store.alerts.due(severity, now, pageSize);
      if (alerts.length === 0) break;
      for (const alert of alerts) {
        const next = await remindOf(alert, now, deps).catch((error) => {
          failures.push(error);
          return now + retryMs;
        });
        await store.alerts.checkAgain(alert, next);
      }
    }
  if (failures.length > 0) throw failures[0];
}

/** Takes the steps that are due; the message then says which target is missed. Returns when the next one is, ms or Infinity. */
async function remindOf(alert: Alert, now: number, deps: RemindDeps): Promise<number> {
  const steps = reminderSteps(alert, deps.policy);
  const due = dueSteps(steps, now);
  for (const step of due) await take(step, alert, now, deps);
  const { store, queues, policy } = deps;
  if (due.length > 0 && overdueSteps(alert, policy.sla ?? {}, now).length > 0)
    await queues.deliverAll(store.surfaces, [alert.id]);
  return nextStepAt(steps, now);
}

function take(step: ReminderStep, alert: Alert, now: number, deps: RemindDeps): Promise<void> {
  if (step.kind === 'unacknowledged') return remindOfNew(alert, step.round, now, deps);
  if (step.kind === 'idle') return remindOfIdle(alert, step.since, now, deps);
  if (step.kind === 'target') return remindOfTarget(alert, step, now, deps);
  return noteNoAnswer(alert, step.minutes, now, deps);
}

async function remindOfNew(alert: Alert, round: number, now: number, deps: RemindDeps): Promise<void> {
  const { policy, press } = deps;
  const { mention, routingKey } = policy.escalation ?? {};
  const escalateTo = Object.fromEntries(
    deps.store.surfaces.flatMap((name) => {
      const channel = policy.escalation?.[name];
      return typeof channel === 'string' ? [[name, channel]] : [];
    }),
  );
  const pages = round === 2 && routingKey !== undefined;
  const notice: Notice = {
    id: `notice-remind-${alert.id}-${round}`,
    text: `${reminderText(alert, now)}${pages ? t` Paging on-call now.` : ''}`,
    channels: {
      ...(await ownChannels(alert, deps)),
      ...(round > 0 ? escalateTo : {}),
    },
    ...(round > 0 && mention ? { mention } : {}),
  };
  await postNotice(notice, deps);
  if (pages && !alert.triage.escalation)
    await press({ alertId: alert.id, action: 'escalate', by: runwatchActor, nonce: 'reminders' });
}

/** For alerts that someone took and then left idle. */
async function remindOfIdle(alert: Alert, since: number, now: number, deps: RemindDeps): Promise<void> {
  const who = plainLine(alert.assignee?.name ?? alert.history.at(-1)?.by.name, 80);
  const hours = Math.floor((now - since) / (60 * minute));
  await postNotice(
    {
      id: `notice-sleeps-${alert.id}-${alert.history.length}`,
      text: t`${alert.id} (${translate(alert.state)}, ${who}) has had no activity for ${counted(hours, '# hour', '# hours')}: ${aboutOf(alert)}. Close it or reassign it.`,
      channels: await ownChannels(alert, deps),
    },
    deps,
  );
}

/** For alerts that missed their target of containment or close. */
async function remindOfTarget(
  alert: Alert,
  { step, target }: { step: TimingStep; target: number },
  now: number,
  deps: RemindDeps,
): Promise<void> {
  const waited = now - Date.parse(alert.raisedAt);
  const done = step === 'contain' ? t`contained` : t`closed`;
  await postNotice(
    {
      id: `notice-target-${alert.id}-${step}`,
      text: t`${alert.id} is not ${done} after ${durationWords(waited)}: ${aboutOf(alert)}. The target is ${durationWords(target)}; it is ${durationWords(waited - target)} late.`,
      channels: await ownChannels(alert, deps),
    },
    deps,
  );
}

/** Notes on the alert that the caller did not answer in time. */
async function noteNoAnswer(
  alert: Alert,
  minutes: number,
  now: number,
  { store, queues }: RemindDeps,
): Promise<void> {
  const at = new Date(now).toISOString();
  await store.alerts.update(alert.id, (current) => {
    const { asked } = current?.triage ?? {};
    if (!current || !asked || asked.answer || asked.silentFor || asked.at !== alert.triage.asked?.at)
      return null;
    const triage = { ...current.triage, asked: { ...asked, silentFor: minutes } };
    const why = t`${plainLine(asked.name, 80)} did not answer within ${counted(minutes, '# minute', '# minutes')}`;
    return {
      alert: { ...current, triage, updatedAt: at },
      audit: [
        {
          at,
          by: runwatchActor,
          action: 'ask_caller',
          alertId: current.id,
          object: null,
          result: 'failed',
          why,
        },
      ],
    };
  });
  await queues.deliverAll(store.surfaces, [alert.id]);
}

const runwatchActor: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };

async function postNotice(notice: Notice, { store, queues }: RemindDeps): Promise<void> {
  if (await store.deliveries.addNotice(notice, store.surfaces))
    await queues.deliverAll(store.surfaces, [notice.id]);
}

/** The channels that the alert was routed to, by surface. */
export async function ownChannels(
  alert: Alert,
  { store, policy }: Pick<RemindDeps, 'store' | 'policy'>,
): Promise<Record<string, string>> {
  const { routes = [] } = policy;
  if (routes.length === 0) return {};
  const routed = await readRoutedAlert(alert, store.polls);
  return Object.fromEntries(
    store.surfaces.flatMap((surface) => {
      const channel = channelFor(routed, routes, surface);
      return channel ? [[surface, channel]] : [];
    }),
  );
}

function reminderText(alert: Alert, now: number): string {
  const waited = Math.floor((now - Date.parse(alert.raisedAt)) / minute);
  return t`${alert.id} has waited ${counted(waited, '# minute', '# minutes')} and nobody has acknowledged it: ${aboutOf(alert)}.`;
}

function aboutOf(alert: Alert): string {
  const { technique, target, caller } = summarize(alert);
  return t`${translate(alert.severity)} ${alert.score}, ${technique.title} on ${plainLine(target.name, 60)} by ${plainLine(caller.name, 80)}`;
}
