import { unlessThrottled } from '../../azure/connection/azure-error';
import {
  type AccessPath,
  accessPathsFor,
  alsoCan,
  countCovered,
  denyReaches,
  isDenied,
} from '../../domain/access/resolve-access';
import type { Grant } from '../../domain/activity/activity-event';
import { summarize } from '../../domain/alerts/alert';
import type { Access } from '../../domain/alerts/facts';
import { is } from '../../domain/resources/resource-id';
import type { Execution } from '../../domain/techniques/execution';
import { phrase } from '../../domain/text/translate';
import type { EnrichDeps, Part } from './enrichment-part';

/** A burst rarely covers more. The others are named as not looked at. */
const maxSubscriptions = 5;

/** The role assignments that allowed the calls, one for each subscription, and what else the roles allow. */
export const access: Part = {
  what: phrase('role assignments'),
  ask: async (alert, deps) => {
    const { executions, startedAt } = summarize(alert);
    const groups = [...Map.groupBy(executions, subscriptionOf).values()];
    const [here, ...others] = await Promise.all(
      groups.slice(0, maxSubscriptions).map((own) => accessOf(own, Date.parse(startedAt), deps)),
    );
    if (!here) return {};
    const elsewhere = others.map(({ grant, group, subscriptionName }, i) => ({
      subscription: subscriptionName ?? groups[i + 1]?.[0]?.target.subscriptionId ?? '',
      grant,
      group,
    }));
    return {
      access: {
        ...here,
        canChangeAccess: [here, ...others].some(({ canChangeAccess }) => canChangeAccess),
        ...(groups.length > 1 ? { elsewhere, notLookedAt: groups.length - 1 - others.length } : {}),
      },
    };
  },
};

const subscriptionOf = ({ target }: Execution): string => target.subscriptionId.toLowerCase();

/**
 * The access to one subscription.
 * @param own the commands there
 * @param began when the first command of the alert started, ms: what changed later decided nothing
 */
async function accessOf(
  own: readonly Execution[],
  began: number,
  { azure, store }: EnrichDeps,
): Promise<Access> {
  const { caller, target, grantedBy, refused, first } = summarize({ executions: [...own] });
  const subscriptionName = (await store.polls.subscription(target.subscriptionId))?.name || null;
  const nothing = {
    group: null,
    assignedAt: null,
    assignedBy: null,
    until: null,
    condition: null,
    otherWays: 0,
    alsoCan: [],
    machines: null,
    subscriptionName,
  };
  if (!caller.id || !target.subscriptionId) {
    return { grant: grantedBy, source: grantedBy ? 'log' : 'unknown', ...nothing };
  }
  const subscription = `/subscriptions/${target.subscriptionId}`;
  const [assignments, definitions, scheduled, machineIds, denies] = await Promise.all([
    azure.assignmentsOf(caller.id, target.subscriptionId, began),
    azure.roleDefinitions(subscription),
    azure.scheduledOf(caller.id, target.subscriptionId, began).catch(unlessThrottled([])),
    azure.machineIdsOf(target.subscriptionId).catch(unlessThrottled(null)),
    azure.deniesAt(subscription, began).catch(unlessThrottled([])),
  ]);
  const { principals, notEvaluated } = await azure.principalsForDenies(caller.id, assignments, denies, began);
  // What Azure let through was not denied, whatever the deny assignments are by now.
  const { ways, deniedBy } = accessPathsFor(
    { action: first.operation, scope: first.resourceId, principals },
    assignments,
    definitions,
    refused ? denies : [],
  );
  const way = pick(ways, grantedBy);
  const named = grantedBy?.assignmentId ?? way?.assignment.name;
  const pim = scheduled.find((assignment) => named && is(assignment.name, named));
  const powers = alsoCan(assignments, definitions, subscriptionName);
  return {
    grant: grantOf(way, grantedBy),
    source: grantedBy?.assignmentId || (grantedBy && !way) ? 'log' : way ? 'resolved' : 'unknown',
    group: await groupOf(way, grantedBy, caller.id, azure),
    assignedAt: way?.assignment.createdOn ?? null,
    assignedBy: way?.assignment.createdBy ? await nameOf(way.assignment.createdBy, azure) : null,
    selfAssigned: Boolean(caller.id && is(caller.id, way?.assignment.createdBy ?? '')),
    deniedBy: deniedBy?.name ?? null,
    deniesNotEvaluated: notEvaluated
      .filter((deny) => denyReaches(deny, first.operation, first.resourceId))
      .map(({ name }) => name),
    until: pim?.until ?? null,
    condition: way?.assignment.condition ?? null,
    otherWays: Math.max(0, ways.length - (way ? 1 : 0)),
    alsoCan: powers.map(({ text }) => text),
    canChangeAccess: powers.some(({ id }) => id === 'change-access'),
    machines:
      machineIds &&
      countCovered(
        ways,
        machineIds,
        denies.length > 0
          ? (scope) => isDenied({ action: first.operation, scope, principals }, denies)
          : undefined,
      ),
    subscriptionName,
  };
}

/** Prefers the assignment named in the log, then one with the role named there, then any. */
const pick = (ways: readonly AccessPath[], granted: Grant | null): AccessPath | undefined =>
  ways.find((way) => granted?.assignmentId && is(way.assignment.name, granted.assignmentId)) ??
  (granted?.assignmentId
    ? undefined
    : (ways.find((way) => granted && is(way.role.name, granted.role)) ?? ways[0]));

const grantOf = (way: AccessPath | undefined, granted: Grant | null): Grant | null =>
  way && !granted?.assignmentId
    ? {
        role: way.role.name,
        scope: way.assignment.scope,
        assignmentId: way.assignment.name,
        principalId: way.assignment.principalId,
        principalType: way.assignment.principalType,
      }
    : granted;

async function groupOf(
  way: AccessPath | undefined,
  granted: Grant | null,
  callerId: string,
  azure: EnrichDeps['azure'],
): Promise<Access['group']> {
  const principalId = granted?.principalId ?? way?.assignment.principalId;
  if (!principalId || is(principalId, callerId)) return null;
  const [principal, members] = await Promise.all([
    azure.directory.principal(principalId).catch(() => null),
    azure.directory.groupSize(principalId).catch(() => null),
  ]);
  return { name: principal?.name ?? principalId, members };
}

const nameOf = async (id: string, azure: EnrichDeps['azure']): Promise<string> => {
  const principal = await azure.directory.principal(id).catch(() => null);
  return principal?.login ?? principal?.name ?? id;
};
