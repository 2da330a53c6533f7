import { identifierOf } from '../activity/activity-event';
import { type Alert, summarize } from '../alerts/alert';
import { leadScript } from '../alerts/join-facts';
import type { Match } from './exception';

/** A preset exception for the quick exception menu. */
export interface PresetException {
  /** The menu's choice value, e.g. "caller-machine.7". */
  id: string;
  label: string;
  match: Match;
  days: number;
  reason: string;
}

/** The presets for an alert, narrowest first; none if it has several machines. */
export function presetExceptions(alert: Alert): PresetException[] {
  const { caller, target, machines, technique } = summarize(alert);
  if (machines > 1) return [];
  const who = caller.id ?? identifierOf(caller);
  const pair: Match = { caller: who, target: target.id, technique: technique.id };
  const forDays = (days: number, words: string): PresetException => ({
    id: `caller-machine.${days}`,
    label: `This caller on this machine: ${words}`,
    match: pair,
    days,
    reason: `${technique.title} by this caller on this machine is expected (from ${alert.id})`,
  });
  const sha256 = leadScript(alert)?.sha256;
  const script: PresetException[] = sha256
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
