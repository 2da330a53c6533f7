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
import type { EnrichDeps, Part } from './enrichment-part';

/** The role assignment that allowed the call, and what else the caller's roles allow. */
export const access: Part = {
  what: 'role assignments',
  ask: async (alert, { azure, store }) => {
    const { caller, target, grantedBy, first, refused, startedAt } = summarize(alert);
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
      return { access: { grant: grantedBy, source: grantedBy ? 'log' : 'unknown', ...nothing } };
    }
    const subscription = `/subscriptions/${target.subscriptionId}`;
    const began = Date.parse(startedAt);
    const [assignments, definitions, scheduled, machineIds, denies] = await Promise.all([
      azure.assignmentsOf(caller.id, target.subscriptionId, began),
      azure.roleDefinitions(subscription),
      azure.scheduledOf(caller.id, target.subscriptionId, began).catch(unlessThrottled([])),
      azure.machineIdsOf(target.subscriptionId).catch(unlessThrottled(null)),
      azure.deniesAt(subscription, began).catch(unlessThrottled([])),
    ]);
    const { principals, notEvaluated } = await azure.principalsForDenies(
      caller.id,
      assignments,
      denies,
      began,
    );
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
      access: {
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
      } satisfies Access,
    };
  },
};

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
