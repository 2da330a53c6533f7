import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { is, parseResourceId } from '../resources/resource-id';
import { techniqueOf } from '../techniques/catalogue';
import type { Execution } from '../techniques/execution';
import { plainLine } from '../text/plain-text';
import { counted, dayText, t } from '../text/translate';
import { callerKeyOf } from './alert';
import type { PrevalenceFacts, ScriptPrevalence } from './facts';

export type PairId = Exclude<keyof PrevalenceFacts, 'script'>;

/** The pairs of an execution, lower case; null for a pair that it does not have. */
export function pairsOf({ caller, target, technique, resourceId }: Execution) {
  const machine = target.id.toLowerCase();
  const callerKey = callerKeyOf(caller);
  const network = networkOf(caller.ip);
  const extension = technique === 'vm-extension' ? extensionOf(resourceId) : null;
  return {
    callerOnMachine: [callerKey, machine],
    callerFromNetwork: network === null ? null : [callerKey, network],
    machineTechnique: [machine, technique],
    extensionOnMachine: extension === null ? null : [extension.toLowerCase(), machine],
  } satisfies Record<PairId, string[] | null>;
}

function networkOf(ip: string | null): string | null {
  if (!ip) return null;
  if (isIPv4(ip)) return `${ip.slice(0, ip.lastIndexOf('.'))}.0/24`;
  if (!ipaddr.isValid(ip)) return null;
  const address = ipaddr.process(ip);
  return address.kind() === 'ipv4'
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/48`)}/48`;
}

function extensionOf(resourceId: string): string | null {
  const last = parseResourceId(resourceId)?.chain.at(-1);
  return last && is(last.type, 'extensions') ? last.name : null;
}

/** A statement on how rare something is. */
export interface Rarity {
  id: 'script' | 'callerOnMachine' | 'callerFromNetwork' | 'machineTechnique' | 'extensionOnMachine';
  /** Not seen for at least this many days; null if it was seen within seven. */
  days: 7 | 30 | 90 | null;
  text: string;
}

type Days = NonNullable<Rarity['days']>;
const dayMs = 86_400_000;

/**
 * What is rare about an execution, rarest first. States nothing that the history does not cover.
 * @param historyDays days of known history before the execution
 */
export function rarityOf(execution: Execution, facts: PrevalenceFacts, historyDays: number): Rarity[] {
  const at = Date.parse(execution.startedAt);
  const words = wordsOf(execution);
  const pairs = (Object.keys(words) as PairId[]).flatMap((id) => {
    const lastAt = facts[id];
    if (lastAt === undefined) return [];
    const days = unseenDays(lastAt, at, historyDays);
    if (days === null) return [];
    const text = lastAt === null ? words[id].never(lengthOf(historyDays)) : words[id].lately(days);
    return [{ id, days, text, never: lastAt === null }];
  });
  return [...(facts.script ? scriptRarity(facts.script, at) : []), ...pairs]
    .sort((a, b) => (b.days ?? 0) - (a.days ?? 0) || Number(b.never) - Number(a.never) || order(a) - order(b))
    .map(({ id, days, text }) => ({ id, days, text }));
}

/** The rarest statement of each kind about several executions, rarest first. */
export function rarest(all: readonly Rarity[]): Rarity[] {
  const texts = new Map<Rarity['id'], Rarity[]>();
  for (const rarity of all) {
    const known = texts.get(rarity.id) ?? [];
    if (!known.some(({ text }) => text === rarity.text)) texts.set(rarity.id, [...known, rarity]);
  }
  return [...texts.values()]
    .map((same) => {
      const [first] = same.sort((a, b) => (b.days ?? 0) - (a.days ?? 0)) as [Rarity];
      const more = same.filter(({ days }) => days === first.days).length - 1;
      return more > 0 ? { ...first, text: t`${first.text} (and ${more} more)` } : first;
    })
    .sort((a, b) => (b.days ?? 0) - (a.days ?? 0) || order(a) - order(b));
}

const ids: readonly Rarity['id'][] = [
  'script',
  'extensionOnMachine',
  'callerOnMachine',
  'callerFromNetwork',
  'machineTechnique',
];
const order = ({ id }: { id: Rarity['id'] }) => ids.indexOf(id);

const lengthOf = (historyDays: number) => counted(Math.min(90, Math.floor(historyDays)), '# day', '# days');

/** The longest of 7, 30 and 90 days that it was not seen in and that the history covers. */
function unseenDays(lastAt: string | null, at: number, historyDays: number): Days | null {
  const unseen = lastAt === null ? Number.POSITIVE_INFINITY : (at - Date.parse(lastAt)) / dayMs;
  const covered = Math.min(unseen, historyDays);
  return covered >= 90 ? 90 : covered >= 30 ? 30 : covered >= 7 ? 7 : null;
}

type Words = { never: (within: string) => string; lately: (days: number) => string };

/** A denied attempt did not run, so its texts don't say "first". */
function wordsOf({ caller, target, technique, resourceId, refused }: Execution): Record<PairId, Words> {
  const machine = plainLine(target.name, 80);
  const title = techniqueOf(technique).title.toLowerCase();
  const extension = t`extension ${plainLine(extensionOf(resourceId) ?? '', 80)}`;
  const words = (first: string, none: string): Words => ({
    never: (within) => (refused ? t`${none} in ${within}` : t`${first} in ${within}`),
    lately: (days) => t`${none} in the last ${counted(days, '# day', '# days')}`,
  });
  const runs = (where: string) =>
    words(t`first time this caller ran anything ${where}`, t`this caller ran nothing ${where}`);
  return {
    callerOnMachine: runs(t`on ${machine}`),
    callerFromNetwork: runs(t`from ${networkOf(caller.ip) ?? ''}`),
    machineTechnique: words(t`first ${title} on ${machine}`, t`no ${title} on ${machine}`),
    extensionOnMachine: words(
      t`${extension} first seen on ${machine}`,
      t`${extension} not seen on ${machine}`,
    ),
  };
}

function scriptRarity(script: ScriptPrevalence, at: number) {
  const { runs, callers, machines, firstAt, lastAt, atLeast } = script;
  const days = unseenDays(lastAt, at, script.days);
  if (runs === 0 || !firstAt) {
    const text = t`script not seen before in ${lengthOf(script.days)}`;
    return days === null ? [] : [{ id: 'script' as const, days, text, never: true }];
  }
  const count = (text: string) => (atLeast ? t`at least ${text}` : text);
  const named = callers.names.map((name) => plainLine(name, 40)).join(', ');
  const names = named && ` (${named}${callers.count > callers.names.length ? ', …' : ''})`;
  const ran = runs === 1 && !atLeast ? t`once` : count(counted(runs, '# time', '# times'));
  const text = t`script ran ${ran} by ${count(counted(callers.count, '# caller', '# callers'))}${names} on ${count(counted(machines, '# machine', '# machines'))} since ${dayText(firstAt)}`;
  const unseen = days === null ? '' : t`, not in the last ${counted(days, '# day', '# days')}`;
  return [{ id: 'script' as const, days, text: `${text}${unseen}`, never: false }];
}
