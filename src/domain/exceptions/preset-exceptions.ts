import { identifierOf } from '../activity/activity-event';
import { type Alert, summarize } from '../alerts/alert';
import { leadScript } from '../alerts/join-facts';
import { likeClosedOf, likeClosedReason, likenessMatch } from '../alerts/similar';
import { t, translate } from '../text/translate';
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

/**
 * The presets for an alert: first the one for alerts like it that were closed as harmless, then by this
 * machine or script, narrowest first. An alert of several machines has only the first.
 */
export function presetExceptions(alert: Alert): PresetException[] {
  const like = likeClosedPreset(alert);
  const others = presetsOf(alert);
  if (!like) return others;
  const sameMatch = JSON.stringify(like.match);
  return [
    like,
    ...others.filter(({ match, days }) => days !== like.days || JSON.stringify(match) !== sameMatch),
  ];
}

function likeClosedPreset(alert: Alert): PresetException | null {
  const like = likeClosedOf(alert);
  const match = like && likenessMatch(alert);
  if (!match) return null;
  return {
    id: 'like-closed.30',
    label: t`Like the alerts closed as ${translate(like.as)}: 30 days`,
    match,
    days: 30,
    reason: likeClosedReason(alert) ?? '',
  };
}

function presetsOf(alert: Alert): PresetException[] {
  const { caller, target, machines, technique } = summarize(alert);
  if (machines > 1) return [];
  const who = caller.id ?? identifierOf(caller);
  const pair: Match = { caller: who, technique: technique.id, target: target.id };
  const forDays = (days: number, words: string): PresetException => ({
    id: `caller-machine.${days}`,
    label: t`This caller on this machine: ${words}`,
    match: pair,
    days,
    reason: t`${technique.title} by this caller on this machine is expected (from ${alert.id})`,
  });
  const sha256 = leadScript(alert)?.sha256;
  const script: PresetException[] = sha256
    ? [
        {
          id: 'script.30',
          label: t`This script anywhere: 30 days`,
          match: { script: { sha256 } },
          days: 30,
          reason: t`This script is expected anywhere (from ${alert.id})`,
        },
      ]
    : [];
  const byCaller =
    who === '' ? [] : [forDays(1, t`24 hours`), forDays(7, t`7 days`), forDays(30, t`30 days`)];
  return [...byCaller, ...script];
}
