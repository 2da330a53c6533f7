import { upnOf } from './activity-event';
import { type Alert, summarize } from './alert';
import { globMatches, type Match } from './exception';

/** Fewer letters than this beside the wildcards say nothing: "v*" is nearly everything. */
const tellingLetters = 3;

/**
 * Why an exception is too broad for one person to add, null when it is not: it names nothing but kinds, places or hours,
 * or it frees somebody who may change access of every look at them, everywhere.
 */
export function tooBroad(match: Match, alerts: readonly Alert[]): string | null {
  const { caller: by, target, resourceGroup, tag, script, ip } = match;
  const narrowed = [target, resourceGroup, ip, script?.sha256, script?.pattern].some(telling) || tag;
  if (narrowed) return null;
  if (!telling(by)) return 'it names no caller, machine, resource group, tag, script or address';
  const privileged = alerts.some(
    (alert) =>
      isCaller(by, alert) && alert.facts.access?.alsoCan.some((power) => power.startsWith('change access')),
  );
  return privileged ? 'its caller may change access, and it would hold everywhere' : null;
}

function isCaller(patterns: Match['caller'], alert: Alert): boolean {
  const { caller } = summarize(alert);
  const names = [upnOf(caller), caller.id, caller.appId];
  return [patterns ?? []].flat().some((pattern) => names.some((name) => name && globMatches(pattern, name)));
}

const telling = (value: string | string[] | undefined): boolean =>
  value !== undefined && [value].flat().every((item) => item.replace(/[*]/g, '').length >= tellingLetters);
