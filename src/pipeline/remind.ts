import type { PolicyFile } from '../config/config';
import { type Alert, summarize } from '../domain/alerts/alert';
import { channelFor, type Route } from '../domain/alerts/routing';
import type { Severity } from '../domain/alerts/severity';
import type { Presser } from '../domain/people/person';
import { plainLine } from '../domain/text/plain-text';
import type { Press } from '../presses/press';
import type { Notice } from '../store/deliveries';
import type { Store } from '../store/store';
import type { Queues } from './queues';

export type Reminders = Record<Severity | 'sleeping', number>;

/**
 * Minutes after which a new alert that nobody acknowledged is spoken of again, and one that somebody took and left;
 * RUNWATCH_CONFIG's `reminders` overrides.
 */
export const defaultReminders: Reminders = { critical: 5, high: 15, medium: 60, low: 0, sleeping: 480 };
/** Minutes that an asked caller has to answer; RUNWATCH_CONFIG's `ask.minutes` overrides. */
export const defaultAskMinutes = 30;

export interface RemindDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  policy: PolicyFile;
  press: (press: Press) => Promise<string>;
  now: () => number;
}

const minute = 60_000;
/** Reminded at one, three and nine times the wait: in the channel, to whom it is escalated, and by paging. */
const factors = [1, 3, 9];
const watchedMs = 3 * 86_400_000;

/** Nothing is forgotten: speaks of alerts that wait or sleep, and of callers who don't answer; each once. */
export async function remind(deps: RemindDeps): Promise<void> {
  const { store, policy, now } = deps;
  const reminders = { ...defaultReminders, ...policy.reminders };
  const alerts = await store.alerts.list({ limit: 1000, after: now() - watchedMs });
  for (const alert of alerts) {
    if (!alert.announced) continue;
    await remindOfNew(alert, reminders, deps);
    await remindOfSleeping(alert, reminders.sleeping, deps);
    await noteSilence(alert, deps);
  }
}

async function remindOfNew(alert: Alert, reminders: Reminders, deps: RemindDeps): Promise<void> {
  const { policy, press, now } = deps;
  const round = roundOf(alert, reminders, now());
  if (round === null) return;
  const { slack, teams, mention, routingKey } = policy.escalation ?? {};
  const pages = round === 2 && routingKey !== undefined;
  const notice: Notice = {
    id: `notice-remind-${alert.id}-${round}`,
    text: `${reminderText(alert, now())}${pages ? ' It is paged now.' : ''}`,
    channels: { ...ownChannels(alert, policy.routes ?? []), ...(round > 0 ? defined({ slack, teams }) : {}) },
    ...(round > 0 && mention ? { mention } : {}),
  };
  await say(notice, deps);
  if (pages && !alert.triage.escalation)
    await press({ alertId: alert.id, action: 'escalate', by: ourselves, nonce: 'reminders' });
}

/** Somebody took it, and then nothing happened for long. */
async function remindOfSleeping(alert: Alert, minutes: number, deps: RemindDeps): Promise<void> {
  const at = sleepsSince(alert);
  if (!minutes || at === null || deps.now() - at < minutes * minute) return;
  const who = plainLine(alert.assignee?.name ?? alert.history.at(-1)?.by.name, 80);
  const hours = Math.floor((deps.now() - at) / (60 * minute));
  await say(
    {
      id: `notice-sleeps-${alert.id}-${alert.history.length}`,
      text: `${alert.id} is ${alert.state} by ${who}, and nothing has happened for ${hours} hours: ${aboutOf(alert)}. Close it, or hand it on.`,
      channels: ownChannels(alert, deps.policy.routes ?? []),
    },
    deps,
  );
}

/** The last move of an alert that is neither new nor closed, ms. */
export const sleepsSince = ({ state, history }: Alert): number | null => {
  const last = history.at(-1);
  return state === 'new' || state === 'closed' || !last ? null : Date.parse(last.at);
};

/** Says on the alert that whoever was asked has not answered in time. */
async function noteSilence(alert: Alert, { store, queues, policy, now }: RemindDeps): Promise<void> {
  const minutes = policy.ask?.minutes ?? defaultAskMinutes;
  const isSilent = ({ triage: { asked } }: Alert) =>
    asked && !asked.answer && !asked.silentFor && now() - Date.parse(asked.at) >= minutes * minute;
  if (!isSilent(alert)) return;
  const at = new Date(now()).toISOString();
  await store.alerts.update(alert.id, (current) => {
    const { asked } = current?.triage ?? {};
    if (!current || !asked || !isSilent(current)) return null;
    const triage = { ...current.triage, asked: { ...asked, silentFor: minutes } };
    const why = `${plainLine(asked.name, 80)} did not answer within ${minutes} minutes`;
    return {
      alert: { ...current, triage, updatedAt: at },
      audit: [
        { at, by: ourselves, action: 'ask_caller', alertId: current.id, object: null, result: 'failed', why },
      ],
    };
  });
  await queues.deliverAll(store.surfaces, [alert.id]);
}

const ourselves: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };

async function say(notice: Notice, { store, queues }: RemindDeps): Promise<void> {
  if (await store.deliveries.addNotice(notice, store.surfaces))
    await queues.deliverAll(store.surfaces, [notice.id]);
}

/** Where the alert itself went. */
const ownChannels = (alert: Alert, routes: readonly Route[]): Record<string, string> =>
  defined({
    slack: channelFor(alert, routes, 'slack') ?? undefined,
    teams: channelFor(alert, routes, 'teams') ?? undefined,
  });

const defined = (channels: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(channels).filter(([, channel]) => channel)) as Record<string, string>;

/** Which reminder is due: 0, 1, 2; null when none is. Pure. */
export function roundOf(alert: Alert, reminders: Reminders, now: number): number | null {
  const wait = reminders[alert.severity];
  if (!alert.announced || alert.state !== 'new' || !wait) return null;
  const waited = (now - Date.parse(alert.raisedAt)) / minute;
  const round = factors.findLastIndex((factor) => waited >= wait * factor);
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
