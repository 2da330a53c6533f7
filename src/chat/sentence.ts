import { kindOf } from '../actions/registry';
import { type Alert, summarize } from '../domain/alerts/alert';
import { callerIdentity, callerName } from '../domain/alerts/caller-name';
import { environmentsOf } from '../domain/alerts/join-facts';
import { accountOf } from '../domain/alerts/run-account';
import { timingOf } from '../domain/alerts/timing';
import type { AlertView } from '../domain/measures/alert-view';
import type { Measure } from '../domain/measures/measure';
import { durationWords } from '../domain/text/duration';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import { outcomesOf } from './fact-lines';
import { type Inline, joined } from './inline';

export const severityName = ({ severity }: Alert): string => capitalized(translate(severity));

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** "Dana Reyes ran a command as root on vm-pay-01", "… tried to run a command on 3 machines (denied)". */
export function sentenceOf(alert: Alert): string {
  const { technique, refused, executions } = summarize(alert);
  // The name of what it ran on follows, so "on a scale set instance" is left out.
  const did = (refused ? t`tried to ${technique.infinitive}` : technique.verb).replace(
    / (on|in) an? .*$/,
    '',
  );
  const account = refused || technique.script.where === 'interactive' ? null : accountOf(alert);
  const asWhom = account ? t` as ${plainLine(account, 40)}` : '';
  const often =
    executions.length > 1 && machineCount(alert) === 1
      ? counted(executions.length, ' # time', ' # times')
      : '';
  return t`${callerName(alert)} ${did}${asWhom}${often} on ${whereOf(alert)}${refused ? t` (denied)` : ''}`;
}

/** The machine's name, or how many there are. */
export function whereOf(alert: Alert): string {
  const machines = machineCount(alert);
  return machines > 1
    ? counted(machines, '# machine', '# machines')
    : plainLine(summarize(alert).target.name, 64);
}

const machineCount = (alert: Alert) => summarize(alert).machines;

/** What became of it: "Succeeded after 32 s", "Denied by Azure", "280 succeeded, 15 failed". */
export function outcomeOf(alert: Alert): string {
  const { executions, status, refused, startedAt, lastEventAt } = summarize(alert);
  if (refused) return t`Denied by Azure`;
  if (executions.length > 1) return outcomesOf(executions);
  if (status === 'started') return t`Still running`;
  return `${status === 'succeeded' ? t`Succeeded` : t`Failed`}${tookText(startedAt, lastEventAt)}`;
}

/** " after 32 s", or nothing if it took no time. */
export function tookText(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  return ms >= 500 ? t` after ${durationWords(ms)}` : '';
}

/** Outcome, score, environment, subscription, time, a link to the alert's page, and a missed target. */
export function contextOf(alert: Alert, link: string | null, overdue: Inline[]): Inline[] {
  const { startedAt } = summarize(alert);
  const id: Inline = link ? { text: alert.id, link } : alert.id;
  if (alert.state === 'closed')
    return joined([
      [t`${severityName(alert)} ${alert.score}`],
      [`${callerName(alert)} → ${whereOf(alert)}`],
      text(callerIdentity(alert)),
      took(alert),
      [id],
    ]);
  return joined([
    [outcomeOf(alert)],
    text(callerIdentity(alert)),
    [t`Score ${alert.score}`],
    text(environmentText(alert)),
    text(subscriptionText(alert)),
    [{ time: startedAt }],
    [id],
    overdue,
  ]);
}

const text = (value: string): Inline[] => (value ? [value] : []);

/** "3 min to acknowledge, 1 h to close". */
function took(alert: Alert): Inline[] {
  const { acknowledge, close } = timingOf(alert);
  const parts = [
    acknowledge !== null && acknowledge !== close ? t`${durationWords(acknowledge)} to acknowledge` : '',
    close !== null ? t`${durationWords(close)} to close` : '',
  ];
  return text(parts.filter(Boolean).join(', '));
}

/** "production", or "180 production, 90 test" for several machines. */
export function environmentText(alert: Alert): string {
  const environments = environmentsOf(alert);
  const one = environments.length === 1;
  return environments
    .filter(({ environment }) => environment)
    .slice(0, 4)
    .map(({ environment, count }) =>
      one ? plainLine(environment, 40) : t`${count} ${plainLine(environment, 40)}`,
    )
    .join(', ');
}

function subscriptionText(alert: Alert): string {
  const { executions } = summarize(alert);
  const ids = new Set(executions.map((execution) => execution.target.subscriptionId.toLowerCase()));
  if (ids.size > 1) return counted(ids.size, '# subscription', '# subscriptions');
  return plainLine(alert.facts.access?.subscriptionName, 60);
}

/** Whether every machine is contained, as far as Azure was asked. */
export function isContained({ alert, measures }: AlertView): boolean {
  if (alert.state !== 'contained') return false;
  const held = measures.filter(contains);
  const covered = new Set(held.map(({ target }) => target.toLowerCase()));
  return summarize(alert).executions.every(({ target }) => covered.has(target.id.toLowerCase()));
}

const contains = ({ kind, state, checked }: Measure) =>
  kindOf(kind)?.onDone !== undefined && state === 'in force' && checked?.verified !== false;
