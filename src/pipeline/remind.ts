import type { PolicyFile } from '../config/config';
import { type Alert, summarize } from '../domain/alerts/alert';
import { channelFor } from '../domain/alerts/routing';
import type { Severity } from '../domain/alerts/severity';
import type { Presser } from '../domain/people/person';
import { plainLine } from '../domain/text/plain-text';
import type { Press } from '../presses/press';
import type { Notice } from '../store/deliveries';
import type { Store } from '../store/store';
import type { Queues } from './queues';
import { readRoutedAlert } from './read-routed-alert';

export type Reminders = Record<Severity | 'sleeping', number>;

/**
 * Minutes before a reminder about an unacknowledged alert, by severity. `sleeping` is for alerts that were
 * taken and then left idle. RUNWATCH_CONFIG's `reminders` overrides these.
 */
export const defaultReminders: Reminders = { critical: 5, high: 15, medium: 60, low: 0, sleeping: 480 };
/** Minutes that a caller has to answer a question. RUNWATCH_CONFIG's `ask.minutes` overrides this. */
export const defaultAskMinutes = 30;

export interface RemindDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  policy: PolicyFile;
  press: (press: Press) => Promise<string>;
  now: () => number;
}

const minute = 60_000;
/** Reminders after 1, 3 and 9 times the wait: to the channel, to the escalation contacts, and as a page. */
const reminderFactors = [1, 3, 9];
const watchedMs = 3 * 86_400_000;

/** Sends one reminder for each unacknowledged or idle alert, and notes each caller who did not answer. */
export async function remind(deps: RemindDeps): Promise<void> {
  const { store, policy, now } = deps;
  const reminders = { ...defaultReminders, ...policy.reminders };
  const alerts = await store.alerts.list({ limit: 1000, after: now() - watchedMs });
  for (const alert of alerts) {
    if (!alert.announced) continue;
    await remindOfNew(alert, reminders, deps);
    await remindOfIdle(alert, reminders.sleeping, deps);
    await noteNoAnswer(alert, deps);
  }
}

async function remindOfNew(alert: Alert, reminders: Reminders, deps: RemindDeps): Promise<void> {
  const { policy, press, now } = deps;
  const round = roundOf(alert, reminders, now());
  if (round === null) return;
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
    text: `${reminderText(alert, now())}${pages ? ' Paging on-call now.' : ''}`,
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
async function remindOfIdle(alert: Alert, minutes: number, deps: RemindDeps): Promise<void> {
  const at = idleSince(alert);
  if (!minutes || at === null || deps.now() - at < minutes * minute) return;
  const who = plainLine(alert.assignee?.name ?? alert.history.at(-1)?.by.name, 80);
  const hours = Math.floor((deps.now() - at) / (60 * minute));
  await postNotice(
    {
      id: `notice-sleeps-${alert.id}-${alert.history.length}`,
      text: `${alert.id} (${alert.state}, ${who}) has had no activity for ${hours} hours: ${aboutOf(alert)}. Close it or reassign it.`,
      channels: await ownChannels(alert, deps),
    },
    deps,
  );
}

/** Time of the last state change of an alert that is neither new nor closed, ms; otherwise null. */
export const idleSince = ({ state, history }: Alert): number | null => {
  const last = history.at(-1);
  return state === 'new' || state === 'closed' || !last ? null : Date.parse(last.at);
};

/** Notes on the alert that the caller did not answer in time. */
async function noteNoAnswer(alert: Alert, { store, queues, policy, now }: RemindDeps): Promise<void> {
  const minutes = policy.ask?.minutes ?? defaultAskMinutes;
  const hasNotAnswered = ({ triage: { asked } }: Alert) =>
    asked && !asked.answer && !asked.silentFor && now() - Date.parse(asked.at) >= minutes * minute;
  if (!hasNotAnswered(alert)) return;
  const at = new Date(now()).toISOString();
  await store.alerts.update(alert.id, (current) => {
    const { asked } = current?.triage ?? {};
    if (!current || !asked || !hasNotAnswered(current)) return null;
    const triage = { ...current.triage, asked: { ...asked, silentFor: minutes } };
    const why = `${plainLine(asked.name, 80)} did not answer within ${minutes} minutes`;
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

/** Number of the reminder that is due (0, 1 or 2), or null. Pure. */
export function roundOf(alert: Alert, reminders: Reminders, now: number): number | null {
  const wait = reminders[alert.severity];
  if (!alert.announced || alert.state !== 'new' || !wait) return null;
  const waited = (now - Date.parse(alert.raisedAt)) / minute;
  const round = reminderFactors.findLastIndex((factor) => waited >= wait * factor);
  return round < 0 ? null : round;
}

function reminderText(alert: Alert, now: number): string {
  const waited = Math.floor((now - Date.parse(alert.raisedAt)) / minute);
  return `${alert.id} has waited ${waited} minutes and nobody has acknowledged it: ${aboutOf(alert)}.`;
}

function aboutOf(alert: Alert): string {
  const { technique, target, caller } = summarize(alert);
  return `${alert.severity} ${alert.score}, ${technique.title} on ${plainLine(target.name, 60)} by ${plainLine(caller.name, 80)}`;
}
