import { techniqueOf } from '../techniques/catalogue';
import type { TechniqueId } from '../techniques/technique';
import { plainLine } from '../text/plain-text';
import { t } from '../text/translate';
import type { Match } from './exception';
import { windowWords } from './time-window';

/** A match as a phrase: "run command by dana on vm-pay-01, mon-fri 01:00 to 03:00 UTC". */
export function matchWords(match: Match): string {
  const any = (value: string | string[]) =>
    [value]
      .flat()
      .map((item) => plainLine(item, 80))
      .join(t` or `);
  const { caller, target, resourceGroup, subscription, tag, technique, script, ip, hours } = match;
  const parts = [
    technique
      ? [technique]
          .flat()
          .map((id) => techniqueOf(id as TechniqueId).title.toLowerCase())
          .join(t` or `)
      : t`anything run`,
    caller && t`by ${any(caller)}`,
    target && t`on ${any(target)}`,
    resourceGroup && t`in resource group ${any(resourceGroup)}`,
    subscription && t`in subscription ${any(subscription)}`,
    tag &&
      t`on machines tagged ${Object.entries(tag)
        .map(([name, value]) => `${plainLine(name, 40)}=${any(value)}`)
        .join(t` and `)}`,
    script?.sha256 && t`with the script ${any(script.sha256)}`,
    script?.pattern && t`with a script that matches ${plainLine(script.pattern, 120)}`,
    ip && t`from ${any(ip)}`,
    hours && windowWords(hours),
  ];
  return parts.filter(Boolean).join(' ');
}
