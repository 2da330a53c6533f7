import type { RoleAssignment } from '@azure/arm-authorization';
import { guid } from '../alerts/guid';
import { parseRoleDefinitions, type RoleDefinition } from '../alerts/roles';
import { remember } from './cache';
import type { AzureClients } from './clients';
import { toAzureError } from './errors';

/** A role assignment as ARM lists it. */
export interface Assignment {
  /** Full ARM id. */
  id: string;
  /** GUID (the assignment's name). */
  name: string;
  scope: string;
  roleDefinitionId: string;
  principalId: string;
  principalType: string;
  condition: string | null;
  description: string | null;
  createdOn: string | null;
  createdBy: string | null;
}

const minutes = 60_000;

/** Role definitions are kept a day and assignments minutes; what many ask at once is asked once. */
export function createAccess(clients: AzureClients, now: () => number = Date.now) {
  const definitions = remember(24 * 60 * minutes, 1000, listDefinitions, now);
  const assigned = remember(5 * minutes, 10_000, listAssignedTo, now);
  const atScope = remember(5 * minutes, 1000, listAtScope, now);

  async function listDefinitions(scope: string): Promise<RoleDefinition[]> {
    try {
      const list = [];
      for await (const role of clients.authorization(subscriptionOf(scope)).roleDefinitions.list(scope))
        list.push(role);
      return parseRoleDefinitions(list);
    } catch (error) {
      throw toAzureError(error, `role definitions at ${scope}`);
    }
  }

  async function listAssignedTo(key: string): Promise<Assignment[]> {
    const [subscriptionId = '', principalId = ''] = key.split(' ');
    return listAssignments(`/subscriptions/${subscriptionId}`, `assignedTo('${principalId}')`);
  }

  async function listAtScope(scope: string): Promise<Assignment[]> {
    return listAssignments(scope, 'atScope()');
  }

  async function listAssignments(scope: string, filter: string): Promise<Assignment[]> {
    try {
      const list: Assignment[] = [];
      const found = clients
        .authorization(subscriptionOf(scope))
        .roleAssignments.listForScope(scope, { filter });
      for await (const assignment of found) list.push(toAssignment(assignment));
      return list;
    } catch (error) {
      throw toAzureError(error, `role assignments at ${scope}`);
    }
  }

  return {
    /** Built-in and custom role definitions that exist at a scope. */
    roleDefinitions: (scope: string) => definitions(scope),
    /** Assignments of a principal and of its groups, transitively, that touch a subscription. */
    assignmentsOf: (principalId: string, subscriptionId: string) => {
      const id = guid(principalId);
      return id ? assigned(`${subscriptionId} ${id}`) : Promise.resolve([]);
    },
    /** Every assignment at a scope and above it. */
    assignmentsAt: (scope: string) => atScope(scope),
  };
}
export type AzureAccess = ReturnType<typeof createAccess>;

const subscriptionOf = (scope: string) =>
  /\/subscriptions\/([^/]+)/i.exec(scope)?.[1] ?? '00000000-0000-0000-0000-000000000000';

function toAssignment(a: RoleAssignment): Assignment {
  return {
    id: a.id ?? '',
    name: a.name ?? a.id?.split('/').at(-1) ?? '',
    scope: a.scope ?? '/',
    roleDefinitionId: a.roleDefinitionId ?? '',
    principalId: a.principalId ?? '',
    principalType: a.principalType ?? '',
    condition: a.condition ?? null,
    description: a.description ?? null,
    createdOn: a.createdOn?.toISOString() ?? null,
    createdBy: a.createdBy ?? null,
  };
}
