import { type Alert, summarize } from './alert';
import { globMatches, type Match } from './exception';

/** Fewer letters than this beside the wildcards say nothing: "v*" is nearly everything. */
const tellingLetters = 3;

/**
 * Why an exception is too broad for one person to add, null when it is not: it names nothing but kinds, places or hours,
 * or it frees somebody who may change access of every look at them, everywhere.
 */
export function tooBroad(match: Match, alert: Alert): string | null {
  const { caller: by, target, resourceGroup, tag, script, ip } = match;
  const narrowed = [target, resourceGroup, ip, script?.sha256, script?.pattern].some(telling) || tag;
  if (narrowed) return null;
  if (!telling(by)) return 'it names no caller, machine, resource group, tag, script or address';
  const { caller } = summarize(alert);
  const isTheirs = [by ?? []]
    .flat()
    .some((pattern) =>
      [caller.name, caller.id, caller.appId].some((name) => name && globMatches(pattern, name)),
    );
  const privileged = alert.facts.access?.alsoCan.some((power) => power.startsWith('change access'));
  return isTheirs && privileged ? 'its caller may change access, and it would hold everywhere' : null;
}

const telling = (value: string | string[] | undefined): boolean =>
  value !== undefined && [value].flat().every((item) => item.replace(/[*]/g, '').length >= tellingLetters);
