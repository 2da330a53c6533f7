import type { RoleAssignment } from '@azure/arm-authorization';
import type { Assignment, Deny } from '../../domain/access/resolve-access';
import { parseRoleDefinitions, type RoleDefinition } from '../../domain/access/role-permissions';
import { guid } from '../../domain/text/guid';
import { memoize } from '../../runtime/memoize';
import { inPath, subscriptionOf } from '../connection/arm-path';
import { toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

const minutes = 60_000;

/**
 * Caches role definitions for a day and assignments for five minutes. Concurrent reads share one request.
 */
export function createAccess(clients: AzureClients, now: () => number = Date.now) {
  const definitions = memoize(24 * 60 * minutes, 1000, listDefinitions, now);
  const assigned = memoize(5 * minutes, 10_000, (key) => listAssignments(...scopeAndPrincipal(key)), now);
  const atScope = memoize(5 * minutes, 1000, (scope) => listAssignments(scope, 'atScope()'), now);
  const denied = memoize(5 * minutes, 1000, listDenies, now);
  const scheduled = memoize(5 * minutes, 10_000, (key) => listScheduled(...scopeAndPrincipal(key)), now);
  const eligible = memoize(5 * minutes, 10_000, (key) => listEligible(...scopeAndPrincipal(key)), now);

  async function listDefinitions(scope: string): Promise<RoleDefinition[]> {
    const roles = clients.authorization(subscriptionOf(scope)).roleDefinitions.list(inPath(scope));
    return parseRoleDefinitions(await collect(roles, `role definitions at ${scope}`)).map(shareBuiltIn);
  }

  /** Every subscription returns Azure's 900 built-in roles, 2 MB in all. Share one copy of them. */
  const builtIn = new Map<string, { role: RoleDefinition; text: string }>();
  function shareBuiltIn(role: RoleDefinition): RoleDefinition {
    if (role.custom) return role;
    const text = JSON.stringify(role);
    const known = builtIn.get(role.id);
    if (known?.text === text) return known.role;
    builtIn.set(role.id, { role, text });
    return role;
  }

  async function listAssignments(scope: string, filter: string): Promise<Assignment[]> {
    const found = clients
      .authorization(subscriptionOf(scope))
      .roleAssignments.listForScope(inPath(scope), { filter });
    return (await collect(found, `role assignments at ${scope}`)).map(toAssignment);
  }

  async function listDenies(scope: string): Promise<Deny[]> {
    const found = clients.authorization(subscriptionOf(scope)).denyAssignments.listForScope(inPath(scope));
    return (await collect(found, `deny assignments at ${scope}`)).map((deny) => ({
      name: deny.denyAssignmentName ?? deny.name ?? '',
      scope: deny.scope ?? scope,
      notToChildren: deny.doNotApplyToChildScopes ?? false,
      permissions: (deny.permissions ?? []).map((p) => ({
        actions: p.actions ?? [],
        notActions: p.notActions ?? [],
      })),
      principals: (deny.principals ?? []).map((principal) => principal.id ?? ''),
      excluded: (deny.excludePrincipals ?? []).map((principal) => principal.id ?? ''),
    }));
  }

  /** Assignments that PIM activated or that have an end date. */
  async function listScheduled(scope: string, filter: string): Promise<Assignment[]> {
    const found = clients
      .authorization(subscriptionOf(scope))
      .roleAssignmentScheduleInstances.listForScope(inPath(scope), { filter });
    const instances = await collect(found, `PIM assignments at ${scope}`);
    return instances
      .filter((instance) => instance.assignmentType === 'Activated' || instance.endDateTime)
      .map((instance) => ({
        ...fromPim(instance),
        until: instance.endDateTime?.toISOString() ?? null,
        name: instance.originRoleAssignmentId?.split('/').at(-1) ?? instance.name ?? '',
      }));
  }

  async function listEligible(scope: string, filter: string): Promise<Assignment[]> {
    const found = clients
      .authorization(subscriptionOf(scope))
      .roleEligibilityScheduleInstances.listForScope(inPath(scope), { filter });
    const instances = await collect(found, `PIM eligibilities at ${scope}`);
    return instances.map((instance) => ({
      ...fromPim(instance),
      until: instance.endDateTime?.toISOString() ?? null,
      eligible: true,
    }));
  }

  const ask =
    <T>(cached: (key: string) => Promise<T[]>) =>
    (principalId: string, subscriptionId: string): Promise<T[]> => {
      const id = guid(principalId);
      return id ? cached(`/subscriptions/${subscriptionId} ${id}`) : Promise.resolve([]);
    };

  return {
    /** Built-in and custom role definitions at a scope. */
    roleDefinitions: (scope: string) => definitions(scope),
    /** Assignments of a principal and its groups, transitively, that affect a subscription. */
    assignmentsOf: ask(assigned),
    /** All assignments at a scope and above it. */
    assignmentsAt: (scope: string) => atScope(scope),
    deniesAt: (scope: string) => denied(scope),
    scheduledOf: ask(scheduled),
    eligibleOf: ask(eligible),
  };
}
export type AzureAccess = ReturnType<typeof createAccess>;

const scopeAndPrincipal = (key: string): [string, string] => {
  const [scope = '', principalId = ''] = key.split(' ');
  return [scope, `assignedTo('${principalId}')`];
};

async function collect<T>(found: AsyncIterable<T>, what: string): Promise<T[]> {
  try {
    const list: T[] = [];
    for await (const item of found) list.push(item);
    return list;
  } catch (error) {
    throw toAzureError(error, what);
  }
}

function toAssignment(a: RoleAssignment): Assignment {
  return {
    id: a.id ?? '',
    name: a.name ?? a.id?.split('/').at(-1) ?? '',
    scope: a.scope ?? '/',
    roleDefinitionId: a.roleDefinitionId ?? '',
    principalId: (a.principalId ?? '').toLowerCase(),
    principalType: a.principalType ?? '',
    condition: a.condition ?? null,
    description: a.description ?? null,
    createdOn: a.createdOn?.toISOString() ?? null,
    createdBy: a.createdBy ?? null,
  };
}

interface PimInstance {
  id?: string;
  name?: string;
  scope?: string;
  roleDefinitionId?: string;
  principalId?: string;
  principalType?: string;
  condition?: string;
  createdOn?: Date;
}

const fromPim = (instance: PimInstance): Assignment => ({
  id: instance.id ?? '',
  name: instance.name ?? '',
  scope: instance.scope ?? '/',
  roleDefinitionId: instance.roleDefinitionId ?? '',
  principalId: (instance.principalId ?? '').toLowerCase(),
  principalType: instance.principalType ?? '',
  condition: instance.condition ?? null,
  description: null,
  createdOn: instance.createdOn?.toISOString() ?? null,
  createdBy: null,
});
