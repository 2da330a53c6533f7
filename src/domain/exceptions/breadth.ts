import { RE2JS } from 're2js';
import { upnOf } from '../activity/activity-event';
import { type Alert, summarize } from '../alerts/alert';
import { t } from '../text/translate';
import { globMatches, type Match } from './exception';

/**
 * Why an exception is too broad for one person to add; null if it is not. It is too broad if it has no
 * specific condition, or if its only condition is a caller who may change access.
 */
export function tooBroad(match: Match, alerts: readonly Alert[]): string | null {
  const { caller: by } = match;
  if (isNarrowed(match)) return null;
  if (!every(by, (value) => letters(value.split('@')[0] ?? '') >= 4 || isExact(value)))
    return t`it names no caller, machine, resource group, tag, script or address`;
  const privileged = alerts.some((alert) => isPrivileged(match, alert));
  return privileged ? t`its caller may change access, and it would apply everywhere` : null;
}

/**
 * An alert that shows that the match's caller may change access, if there is one and it matters.
 * @param pages all stored alerts
 */
export async function privilegedAlertOf(match: Match, pages: AsyncIterable<Alert[]>): Promise<Alert[]> {
  if (isNarrowed(match)) return [];
  for await (const page of pages) {
    const found = page.find((alert) => isPrivileged(match, alert));
    if (found) return [found];
  }
  return [];
}

const isPrivileged = ({ caller }: Match, alert: Alert): boolean =>
  isCaller(caller, alert) && mayChangeAccess(alert);

const isNarrowed = ({ target, resourceGroup, tag, script, ip }: Match): boolean =>
  every(target, (value) => letters(value.split('/').at(-1) ?? '') >= (isExact(value) ? 1 : 4)) ||
  every(resourceGroup, (value) => letters(value) >= (isExact(value) ? 1 : 4)) ||
  every(ip, isNarrowRange) ||
  script?.sha256 !== undefined ||
  (script?.pattern !== undefined && isSpecific(script.pattern)) ||
  Object.values(tag ?? {}).some((values) => every(values, isExact));

/** Facts stored before 0.2 don't say it, so any sensitive permission counts. */
const mayChangeAccess = ({ facts: { access } }: Alert): boolean =>
  access?.canChangeAccess ?? (access?.alsoCan.length ?? 0) > 0;

function isCaller(patterns: Match['caller'], alert: Alert): boolean {
  const { caller } = summarize(alert);
  const names = [upnOf(caller), caller.id, caller.appId];
  return [patterns ?? []].flat().some((pattern) => names.some((name) => name && globMatches(pattern, name)));
}

/** Whether it is set and all its values satisfy the check. */
const every = (value: string | string[] | undefined, holds: (value: string) => boolean): boolean =>
  value !== undefined && [value].flat().length > 0 && [value].flat().every(holds);

const isExact = (value: string) => value !== '' && !value.includes('*');
const letters = (value: string) => value.replace(/[*]/g, '').length;

/** At most a /24 of IPv4 or a /48 of IPv6, about the size of an office network. */
function isNarrowRange(range: string): boolean {
  const [address = '', bits] = range.split('/');
  return bits === undefined || Number(bits) >= (address.includes(':') ? 48 : 24);
}

/** Sample texts. A pattern that matches one of them is not specific to a script. */
const probes = [
  '',
  'a',
  'echo',
  'Get-Process',
  'ls -la /',
  '#!/bin/bash\nwhoami\n',
  'x'.repeat(100),
  '1234567890',
];

const isSpecific = (pattern: string): boolean => {
  const compiled = RE2JS.compile(pattern);
  return (
    letters(pattern.replace(/[^\p{L}\p{N}]/gu, '')) >= 3 &&
    !probes.some((text) => compiled.matcher(text).find())
  );
};
