import { techniqueOf } from '../techniques/catalogue';
import type { TechniqueId } from '../techniques/technique';
import { plainLine } from '../text/plain-text';
import type { Match } from './exception';
import { windowWords } from './time-window';

/** A match as a phrase: "run command by dana on vm-pay-01, mon-fri 01:00 to 03:00 UTC". */
export function matchWords(match: Match): string {
  const any = (value: string | string[]) =>
    [value]
      .flat()
      .map((item) => plainLine(item, 80))
      .join(' or ');
  const { caller, target, resourceGroup, subscription, tag, technique, script, ip, hours } = match;
  const parts = [
    technique
      ? [technique]
          .flat()
          .map((id) => techniqueOf(id as TechniqueId).title.toLowerCase())
          .join(' or ')
      : 'anything run',
    caller && `by ${any(caller)}`,
    target && `on ${any(target)}`,
    resourceGroup && `in resource group ${any(resourceGroup)}`,
    subscription && `in subscription ${any(subscription)}`,
    tag &&
      `on machines tagged ${Object.entries(tag)
        .map(([name, value]) => `${plainLine(name, 40)}=${any(value)}`)
        .join(' and ')}`,
    script?.sha256 && `with the script ${any(script.sha256)}`,
    script?.pattern && `with a script that matches ${plainLine(script.pattern, 120)}`,
    ip && `from ${any(ip)}`,
    hours && windowWords(hours),
  ];
  return parts.filter(Boolean).join(' ');
}
