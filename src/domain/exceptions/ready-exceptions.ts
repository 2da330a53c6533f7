import { identifierOf } from '../activity/activity-event';
import { type Alert, summarize } from '../alerts/alert';
import type { Match } from './exception';

/** An exception that is one press away. */
export interface ReadyException {
  /** What a surface sends back, e.g. "caller-machine.7". */
  id: string;
  label: string;
  match: Match;
  days: number;
  reason: string;
}

/** The exceptions that fit an alert of one machine, narrowest first; none for a storm. */
export function readyExceptions(alert: Alert): ReadyException[] {
  const { caller, target, machines, technique } = summarize(alert);
  if (machines > 1) return [];
  const who = caller.id ?? identifierOf(caller);
  const pair: Match = { caller: who, target: target.id, technique: technique.id };
  const forDays = (days: number, words: string): ReadyException => ({
    id: `caller-machine.${days}`,
    label: `This caller on this machine: ${words}`,
    match: pair,
    days,
    reason: `${technique.title} by this caller on this machine is expected (from ${alert.id})`,
  });
  const sha256 = alert.facts.script?.sha256;
  const script: ReadyException[] = sha256
    ? [
        {
          id: 'script.30',
          label: 'This script anywhere: 30 days',
          match: { script: { sha256 } },
          days: 30,
          reason: `This script is expected anywhere (from ${alert.id})`,
        },
      ]
    : [];
  const byCaller = who === '' ? [] : [forDays(1, '24 hours'), forDays(7, '7 days'), forDays(30, '30 days')];
  return [...byCaller, ...script];
}
