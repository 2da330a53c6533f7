import type { Caller } from '../activity/activity-event';
import { holdersOn, identityHolderOf } from '../activity/machine-identity';
import { isPublicAddress } from '../network/public-address';
import type { Execution } from '../techniques/execution';
import { type Alert, callerKeyOf, summarize } from './alert';
import { machineFactsOf, usedScripts } from './join-facts';

/** What two alerts have in common, the most telling first. */
export const linkKinds = ['identity', 'correlation', 'script', 'caller', 'address', 'machine'] as const;
export type LinkKind = (typeof linkKinds)[number];

export interface CampaignLink {
  /** Id of the earlier alert. */
  from: string;
  kind: LinkKind;
  /** What they share: the name of the machine whose identity the caller is, the address, the script's SHA-256. */
  by: string;
}

export interface CampaignStep {
  alert: Alert;
  /** To an earlier step; null for the first one. */
  link: CampaignLink | null;
}

/** Alerts further apart from the one that is shown are not part of its campaign, ms. */
export const campaignMs = 7 * 86_400_000;
/** A caller's and a machine's alerts belong together only within this time, ms. */
const closeMs = 24 * 3_600_000;

/**
 * The alerts that one attacker may have caused, in order: each is linked to an earlier one by the identity of a
 * machine that ran a command before, or by what both have in common. Empty if they are of one caller, one machine and
 * one technique, such as an unnoticed job.
 * @param others alerts that may be linked; those more than a week away are ignored
 */
export function campaignOf(alert: Alert, others: readonly Alert[]): CampaignStep[] {
  const at = startOf(alert);
  const near = others.filter(
    (one) => one.id !== alert.id && one.announced && Math.abs(startOf(one) - at) <= campaignMs,
  );
  const members = connected(alert, near);
  const steps = members.map((one, index) => ({ alert: one, link: strongest(members.slice(0, index), one) }));
  return isStory(steps) ? steps : [];
}

/** What an alert may have in common with others. */
interface Traits {
  startedAt: number;
  caller: Caller;
  callerKey: string;
  callerId: string | undefined;
  /** The resource whose own identity the caller is. */
  holder: string | null;
  /** Names of the machines that a command ran on, by the object ids and the holders of their identities. */
  identities: Map<string, string>;
  correlations: Set<string>;
  scripts: Set<string>;
  /** Names by resource id. */
  machines: Map<string, string>;
  address: string | null;
  /** The caller came from this address before. */
  isUsualAddress: boolean;
}

/** Cached, because each pair of alerts is compared and a burst may have a thousand executions. */
const known = new WeakMap<Alert, Traits>();

function traitsOf(alert: Alert): Traits {
  const found = known.get(alert) ?? readTraits(alert);
  known.set(alert, found);
  return found;
}

function readTraits(alert: Alert): Traits {
  const { caller, executions, refused, startedAt } = summarize(alert);
  const identities = new Map<string, string>();
  const machines = new Map<string, string>();
  for (const run of executions) {
    const id = run.target.id.toLowerCase();
    if (machines.has(id)) continue;
    machines.set(id, run.target.name);
    if (refused) continue;
    for (const identity of [...(machineFactsOf(alert, run)?.identities ?? []), ...holdersOn(id)])
      identities.set(identity.toLowerCase(), run.target.name);
  }
  return {
    startedAt: Date.parse(startedAt),
    caller,
    callerKey: callerKeyOf(caller),
    callerId: caller.id?.toLowerCase(),
    holder: identityHolderOf(caller),
    identities,
    correlations: new Set(correlationsOf(executions)),
    scripts: new Set(usedScripts(alert).flatMap(({ script }) => script.sha256 ?? [])),
    machines,
    address: tellingAddress(caller.ip, alert),
    isUsualAddress: alert.facts.history?.addressSeen ?? false,
  };
}

/** The address if not everybody may have it: those of Azure's services and of private networks are shared. */
const tellingAddress = (ip: string | null, { facts }: Alert): string | null =>
  ip && isPublicAddress(ip) && !facts.addresses?.[ip]?.azure?.service ? ip : null;

/** The correlation ids that executions have, each once. Azure writes zeros where there is none. */
export const correlationsOf = (executions: readonly Pick<Execution, 'correlationId'>[]): string[] =>
  [...new Set(executions.map(({ correlationId }) => correlationId))].filter((id) => /[^0-]/.test(id));

const startOf = (alert: Alert): number => traitsOf(alert).startedAt;

/** The most telling link to an earlier alert; among equal ones, to the latest. */
function strongest(earlier: readonly Alert[], later: Alert): CampaignLink | null {
  const found = earlier.toReversed().flatMap((one) => linkOf(one, later) ?? []);
  return found.sort((a, b) => linkKinds.indexOf(a.kind) - linkKinds.indexOf(b.kind))[0] ?? null;
}

/** The most telling of what links an alert to an earlier one. */
export function linkOf(earlier: Alert, later: Alert): CampaignLink | null {
  const [one, other] = [traitsOf(earlier), traitsOf(later)];
  const link = (kind: LinkKind, by: string | undefined): CampaignLink | null =>
    by ? { from: earlier.id, kind, by } : null;
  const telling =
    link('identity', one.identities.get(other.callerId ?? '') ?? one.identities.get(other.holder ?? '')) ??
    link('correlation', shared(other.correlations, one.correlations)) ??
    link('script', shared(other.scripts, one.scripts));
  if (telling || other.startedAt - one.startedAt > closeMs) return telling;
  const isSameAddress = one.address === other.address && !(one.isUsualAddress && other.isUsualAddress);
  return (
    link('caller', one.callerKey === other.callerKey ? other.caller.name : undefined) ??
    link('address', isSameAddress && other.address ? other.address : undefined) ??
    link('machine', other.machines.get(shared(other.machines, one.machines) ?? ''))
  );
}

const shared = (some: Set<string> | Map<string, string>, others: { has(id: string): boolean }) =>
  [...some.keys()].find((id) => others.has(id));

/** Whether one of them is linked to the other. */
export const linkBetween = (one: Alert, other: Alert): boolean =>
  (order(one, other) < 0 ? linkOf(one, other) : linkOf(other, one)) !== null;

/** The alerts that links connect with this one, directly or through others, oldest first. */
function connected(alert: Alert, others: readonly Alert[]): Alert[] {
  const found = [alert];
  let rest = others;
  for (const one of found) {
    found.push(...rest.filter((other) => linkBetween(one, other)));
    rest = rest.filter((other) => !found.includes(other));
  }
  return found.sort(order);
}

const order = (a: Alert, b: Alert): number => startOf(a) - startOf(b) || (a.id < b.id ? -1 : 1);

/** More than one caller, or several techniques or machines. */
function isStory(steps: readonly CampaignStep[]): boolean {
  const kinds = (of: (alert: Alert) => string) => new Set(steps.map(({ alert }) => of(alert))).size;
  return (
    steps.length > 1 &&
    (kinds((alert) => traitsOf(alert).callerKey) > 1 ||
      kinds(({ technique }) => technique) > 1 ||
      kinds((alert) => summarize(alert).target.id.toLowerCase()) > 1)
  );
}
