import type { RoleAssignment } from '@azure/arm-authorization';
import { type Assignment, type Deny, everyone } from '../../domain/access/resolve-access';
import { parseRoleDefinitions, type RoleDefinition } from '../../domain/access/role-permissions';
import { guid } from '../../domain/text/guid';
import { memoize, memoizeSince } from '../../runtime/memoize';
import { inPath, subscriptionOf } from '../connection/arm-path';
import { toAzureError } from '../connection/azure-error';
import { type BulkReading, createBulkReader, sinceStart } from '../connection/bulk-reads';
import type { AzureClients } from '../connection/clients';
import { byId, groupByPrincipal } from './bulk-access';
import type { AzureDirectory } from './directory';

const minutes = 60_000;

/**
 * Caches role definitions for a day and assignments for five minutes. Concurrent reads share one request.
 */
export function createAccess(
  clients: AzureClients,
  directory: Pick<AzureDirectory, 'permitted' | 'memberIds'>,
  reading: BulkReading,
) {
  const { now } = reading;
  const definitions = memoize(24 * 60 * minutes, 1000, listDefinitions, now);
  const atScope = memoize(5 * minutes, 1000, (scope) => listAssignments(scope, 'atScope()'), now);
  const denied = memoizeSince(5 * minutes, 1000, listDenies, now);
  const eligible = memoize(5 * minutes, 10_000, (key) => listEligible(...scopeAndPrincipal(key)), now);
  const assigned = byPrincipal(listAssignments);
  const scheduled = byPrincipal(listScheduled);

  /** Reads what one principal has with its groups, or what all have when many are asked for. */
  function byPrincipal(list: (scope: string, filter?: string) => Promise<Assignment[]>) {
    const readAlone = async (key: string) => (await list(...scopeAndPrincipal(key))).sort(byId);
    const readAll = async (subscriptionId: string, since: number) => {
      const scope = `/subscriptions/${subscriptionId}`;
      const [around, above, roles] = await Promise.all([
        list(scope),
        list(scope, 'atScope()'),
        definitions(scope),
      ]);
      const all = [...new Map([...around, ...above].map((a) => [a.id.toLowerCase(), a])).values()];
      const { find, requests } = await groupByPrincipal(all, roles, directory, since);
      return { find: (key: string) => find(key.split(' ')[1] ?? ''), requests: 2 + requests };
    };
    const read = createBulkReader<Assignment[]>(
      {
        subscriptionOf: (key) => subscriptionOf(key.split(' ')[0] ?? ''),
        readOne: readAlone,
        readAll,
        aloneMs: 5 * minutes,
        listMs: 5 * minutes,
      },
      reading,
    );
    const alone = memoize(5 * minutes, 10_000, readAlone, now);
    return (key: string, notBefore?: number) => (notBefore === undefined ? alone(key) : read(key, notBefore));
  }

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

  async function listAssignments(scope: string, filter?: string): Promise<Assignment[]> {
    const found = clients
      .authorization(subscriptionOf(scope))
      .roleAssignments.listForScope(inPath(scope), withFilter(filter));
    return (await collect(found, `role assignments at ${scope}`)).map(toAssignment);
  }

  async function listDenies(scope: string): Promise<Deny[]> {
    const { denyAssignments } = clients.authorization(subscriptionOf(scope));
    const lists = [undefined, 'atScope()'].map((filter) =>
      collect(
        denyAssignments.listForScope(inPath(scope), withFilter(filter)),
        `deny assignments at ${scope}`,
      ),
    );
    const found = (await Promise.all(lists)).flat();
    return [...new Map(found.map((deny) => [deny.id?.toLowerCase() ?? deny.name, deny])).values()].map(
      (deny) => ({
        name: deny.denyAssignmentName ?? deny.name ?? '',
        scope: deny.scope ?? scope,
        notToChildren: deny.doNotApplyToChildScopes ?? false,
        permissions: (deny.permissions ?? []).map((p) => ({
          actions: p.actions ?? [],
          notActions: p.notActions ?? [],
        })),
        principals: (deny.principals ?? []).map((principal) => principal.id ?? ''),
        excluded: (deny.excludePrincipals ?? []).map((principal) => principal.id ?? ''),
        groups: [...(deny.principals ?? []), ...(deny.excludePrincipals ?? [])]
          .filter(({ id, type }) => id !== everyone && !/^(user|serviceprincipal)$/i.test(type ?? ''))
          .flatMap(({ id }) => id?.toLowerCase() ?? []),
      }),
    );
  }

  /** Assignments that PIM activated or that have an end date. */
  async function listScheduled(scope: string, filter?: string): Promise<Assignment[]> {
    const found = clients
      .authorization(subscriptionOf(scope))
      .roleAssignmentScheduleInstances.listForScope(inPath(scope), withFilter(filter));
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
    <T>(cached: (key: string, notBefore?: number) => Promise<T[]>) =>
    (principalId: string, subscriptionId: string, notBefore?: number): Promise<T[]> => {
      const id = guid(principalId);
      return id
        ? cached(`/subscriptions/${subscriptionId.toLowerCase()} ${id}`, notBefore)
        : Promise.resolve([]);
    };

  return {
    /** Built-in and custom role definitions at a scope. */
    roleDefinitions: (scope: string) => definitions(scope),
    /**
     * Assignments of a principal and its groups, transitively, that affect a subscription. With `notBefore`,
     * the start of an execution in ms, no older reading is used, many principals share one list, and groups
     * whose roles allow nothing that Runwatch reports may be missing.
     */
    assignmentsOf: ask(assigned),
    /** All assignments at a scope and above it. */
    assignmentsAt: (scope: string) => atScope(scope),
    /** Deny assignments at, above and below a scope. */
    deniesAt: (scope: string, notBefore?: number) => denied(scope, sinceStart(notBefore)),
    /** Active PIM assignments of a principal and its groups; `notBefore` as above. */
    scheduledOf: ask(scheduled),
    eligibleOf: ask(eligible),
  };
}
export type AzureAccess = ReturnType<typeof createAccess>;

const scopeAndPrincipal = (key: string): [string, string] => {
  const [scope = '', principalId = ''] = key.split(' ');
  return [scope, `assignedTo('${principalId}')`];
};

const withFilter = (filter: string | undefined) => (filter === undefined ? {} : { filter });

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
