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

const startOf = (alert: Alert): number => Date.parse(summarize(alert).startedAt);

/** The most telling link to an earlier alert; among equal ones, to the latest. */
function strongest(earlier: readonly Alert[], later: Alert): CampaignLink | null {
  const found = earlier.toReversed().flatMap((one) => linkOf(one, later) ?? []);
  return found.sort((a, b) => linkKinds.indexOf(a.kind) - linkKinds.indexOf(b.kind))[0] ?? null;
}

/** The most telling of what links an alert to an earlier one. */
export function linkOf(earlier: Alert, later: Alert): CampaignLink | null {
  const [one, other] = [summarize(earlier), summarize(later)];
  const isClose = startOf(later) - startOf(earlier) <= closeMs;
  const link = (kind: LinkKind, by: string | null | undefined): CampaignLink[] =>
    by ? [{ from: earlier.id, kind, by }] : [];
  const callerId = other.caller.id?.toLowerCase();
  const viaIdentity =
    callerId && !one.refused
      ? one.executions.find((run) =>
          machineFactsOf(earlier, run)?.identities?.some((id) => id.toLowerCase() === callerId),
        )
      : undefined;
  const correlations = new Set(one.executions.map(({ correlationId }) => correlationId));
  const scripts = new Set(usedScripts(earlier).flatMap(({ script }) => script.sha256 ?? []));
  const machines = new Set(one.executions.map(({ target }) => target.id.toLowerCase()));
  const sameCaller = callerKeyOf(one.caller) === callerKeyOf(other.caller);
  const [first] = [
    ...link('identity', viaIdentity?.target.name),
    ...link(
      'correlation',
      other.executions.find((run) => correlations.has(run.correlationId))?.correlationId,
    ),
    ...link(
      'script',
      usedScripts(later).find(({ script }) => script.sha256 && scripts.has(script.sha256))?.script.sha256,
    ),
    ...link('caller', sameCaller && isClose ? other.caller.name : null),
    ...link('address', isClose && other.caller.ip === one.caller.ip ? other.caller.ip : null),
    ...link(
      'machine',
      isClose
        ? other.executions.find(({ target }) => machines.has(target.id.toLowerCase()))?.target.name
        : null,
    ),
  ];
  return first ?? null;
}

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
    (kinds((alert) => callerKeyOf(summarize(alert).caller)) > 1 ||
      kinds(({ technique }) => technique) > 1 ||
      kinds((alert) => summarize(alert).target.id.toLowerCase()) > 1)
  );
}
