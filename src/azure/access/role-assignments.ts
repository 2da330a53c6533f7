import type { RoleAssignment } from '@azure/arm-authorization';
import type { Assignment, Deny } from '../../domain/access/resolve-access';
import { parseRoleDefinitions, type RoleDefinition } from '../../domain/access/role-permissions';
import { guid } from '../../domain/text/guid';
import { remember } from '../../runtime/cached';
import { inPath, subscriptionOf } from '../connection/arm-path';
import { toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

const minutes = 60_000;

/** Role definitions are kept a day and assignments minutes; what many ask at once is asked once. */
export function createAccess(clients: AzureClients, now: () => number = Date.now) {
  const definitions = remember(24 * 60 * minutes, 1000, listDefinitions, now);
  const assigned = remember(5 * minutes, 10_000, (key) => listAssignments(...scopeAndPrincipal(key)), now);
  const atScope = remember(5 * minutes, 1000, (scope) => listAssignments(scope, 'atScope()'), now);
  const denied = remember(5 * minutes, 1000, listDenies, now);
  const scheduled = remember(5 * minutes, 10_000, (key) => listScheduled(...scopeAndPrincipal(key)), now);
  const eligible = remember(5 * minutes, 10_000, (key) => listEligible(...scopeAndPrincipal(key)), now);

  async function listDefinitions(scope: string): Promise<RoleDefinition[]> {
    const roles = clients.authorization(subscriptionOf(scope)).roleDefinitions.list(inPath(scope));
    return parseRoleDefinitions(await gather(roles, `role definitions at ${scope}`)).map(once);
  }

  /** Azure's 900 own roles come with every subscription: kept once, they are 2 MB, not 2 MB a subscription. */
  const builtIn = new Map<string, { role: RoleDefinition; text: string }>();
  function once(role: RoleDefinition): RoleDefinition {
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
    return (await gather(found, `role assignments at ${scope}`)).map(toAssignment);
  }

  async function listDenies(scope: string): Promise<Deny[]> {
    const found = clients.authorization(subscriptionOf(scope)).denyAssignments.listForScope(inPath(scope));
    return (await gather(found, `deny assignments at ${scope}`)).map((deny) => ({
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

  /** Assignments that PIM made active for a while. */
  async function listScheduled(scope: string, filter: string): Promise<Assignment[]> {
    const found = clients
      .authorization(subscriptionOf(scope))
      .roleAssignmentScheduleInstances.listForScope(inPath(scope), { filter });
    const instances = await gather(found, `PIM assignments at ${scope}`);
    return instances
      .filter((instance) => instance.assignmentType === 'Activated' || instance.endDateTime)
      .map((instance) => ({
        ...pim(instance),
        until: instance.endDateTime?.toISOString() ?? null,
        name: instance.originRoleAssignmentId?.split('/').at(-1) ?? instance.name ?? '',
      }));
  }

  async function listEligible(scope: string, filter: string): Promise<Assignment[]> {
    const found = clients
      .authorization(subscriptionOf(scope))
      .roleEligibilityScheduleInstances.listForScope(inPath(scope), { filter });
    const instances = await gather(found, `PIM eligibilities at ${scope}`);
    return instances.map((instance) => ({
      ...pim(instance),
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
    /** Built-in and custom role definitions that exist at a scope. */
    roleDefinitions: (scope: string) => definitions(scope),
    /** Assignments of a principal and of its groups, transitively, that touch a subscription. */
    assignmentsOf: ask(assigned),
    /** Every assignment at a scope and above it. */
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

async function gather<T>(found: AsyncIterable<T>, what: string): Promise<T[]> {
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

interface Instance {
  id?: string;
  name?: string;
  scope?: string;
  roleDefinitionId?: string;
  principalId?: string;
  principalType?: string;
  condition?: string;
  createdOn?: Date;
}

const pim = (instance: Instance): Assignment => ({
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
