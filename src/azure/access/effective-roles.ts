import type { PermittedPrincipal } from '../../domain/access/access-review';
import {
  type AccessPath,
  type Assignment,
  accessPathsFor,
  denyReaches,
} from '../../domain/access/resolve-access';
import { covers } from '../../domain/resources/resource-id';
import { alertedOperations } from '../../domain/techniques/detections';
import { guid } from '../../domain/text/guid';
import type { Azure } from '../azure';
import { principalsForDenies } from './deny-principals';
import type { Principal } from './directory';

/** The Azure calls that the resolver needs. */
export type RolesAzure = Pick<
  Azure,
  | 'assignmentsOf'
  | 'assignmentsAt'
  | 'roleDefinitions'
  | 'deniesAt'
  | 'scheduledOf'
  | 'eligibleOf'
  | 'directory'
>;

/** One role of a caller at a scope, and how the caller gets it. */
export interface CallerRole {
  role: string;
  scope: string;
  assignmentId: string;
  principalId: string;
  principalType: string;
  /** The group that grants it. */
  group: { id: string; name: string; members: number | null } | null;
  condition: string | null;
  /** When it was assigned, RFC 3339. */
  since: string | null;
  /** When the PIM activation ends. */
  until: string | null;
  /** Eligible in PIM, not active. */
  eligible: boolean;
  /** The role lets the caller run commands at the requested scope. */
  runsCommands: boolean;
  /** The name of a deny assignment that overrides the role. */
  deniedBy: string | null;
  /** The name of a deny assignment that may override it: it names a group whose members can't be read. */
  denyNotEvaluated: string | null;
}

/**
 * A caller's assignments at, above and below a scope, including PIM, and which of them allow running
 * commands.
 */
export async function rolesOf(
  callerId: string,
  scope: string,
  subscriptionId: string,
  azure: RolesAzure,
): Promise<CallerRole[]> {
  const subscription = `/subscriptions/${subscriptionId}`;
  const [assigned, definitions, denies, scheduled, eligible] = await Promise.all([
    azure.assignmentsOf(callerId, subscriptionId),
    azure.roleDefinitions(subscription),
    orEmpty(azure.deniesAt(subscription)),
    orEmpty(azure.scheduledOf(callerId, subscriptionId)),
    orEmpty(azure.eligibleOf(callerId, subscriptionId)),
  ]);
  const ends = new Map(
    scheduled.map((assignment) => [assignment.name.toLowerCase(), assignment.until ?? null]),
  );
  const all = [
    ...assigned.map((a) => ({ ...a, until: ends.get(a.name.toLowerCase()) ?? null })),
    ...eligible,
  ];
  const { principals, notEvaluated } = await principalsForDenies(callerId, all, denies, azure.directory);
  const related = all.filter((a) => covers(a.scope, scope) || covers(scope, a.scope));
  return Promise.all(
    related.map(async (assignment) => {
      const role = definitions.find(
        (definition) => definition.id === assignment.roleDefinitionId.split('/').at(-1),
      );
      const place = covers(assignment.scope, scope) ? scope : assignment.scope;
      const answers = alertedOperations({}).map((action) =>
        accessPathsFor({ action, scope: place, principals }, [assignment], definitions, denies),
      );
      return {
        role: role?.name ?? assignment.roleDefinitionId,
        scope: assignment.scope,
        assignmentId: assignment.name,
        principalId: assignment.principalId,
        principalType: assignment.principalType,
        group: await groupOf(assignment, callerId, azure),
        condition: assignment.condition,
        since: assignment.createdOn,
        until: assignment.until ?? null,
        eligible: assignment.eligible ?? false,
        runsCommands: answers.some(({ ways }) => ways.length > 0),
        deniedBy: answers.find(({ deniedBy }) => deniedBy)?.deniedBy?.name ?? null,
        denyNotEvaluated:
          notEvaluated.find((deny) =>
            alertedOperations({}).some((action) => denyReaches(deny, action, place)),
          )?.name ?? null,
      };
    }),
  );
}

async function groupOf(
  assignment: Assignment,
  callerId: string,
  { directory }: RolesAzure,
): Promise<CallerRole['group']> {
  if (assignment.principalId === callerId.toLowerCase()) return null;
  const [principal, members] = await Promise.all([
    directory.principal(assignment.principalId).catch(() => null),
    directory.groupSize(assignment.principalId).catch(() => null),
  ]);
  return { id: assignment.principalId, name: principal?.name ?? assignment.principalId, members };
}

/**
 * All principals that can perform an action at a scope. Groups are expanded if Graph may be called,
 * otherwise returned as groups.
 */
export async function principalsWithAccess(
  action: string,
  scope: string,
  subscriptionId: string,
  azure: RolesAzure,
): Promise<PermittedPrincipal[]> {
  const subscription = `/subscriptions/${subscriptionId}`;
  const [assignments, definitions, denies] = await Promise.all([
    azure.assignmentsAt(scope),
    azure.roleDefinitions(subscription),
    orEmpty(azure.deniesAt(subscription)),
  ]);
  const { ways } = accessPathsFor({ action, scope, principals: null }, assignments, definitions);
  const reaching = denies.filter((deny) => denyReaches(deny, action, scope));
  const found = await Promise.all(
    ways.map(async (way) => {
      const members = await membersOf(way, azure);
      const allowed = members.map(async ({ entry, ids }) => {
        const known = [...ids].map((principalId) => ({ ...way.assignment, principalId }));
        const who = await principalsForDenies(entry.principalId, known, reaching, azure.directory);
        const query = { action, scope, principals: who.principals };
        return accessPathsFor(query, [way.assignment], definitions, reaching).deniedBy ? [] : [entry];
      });
      return (await Promise.all(allowed)).flat();
    }),
  );
  return found.flat();
}

async function membersOf(
  { assignment, role }: AccessPath,
  { directory }: RolesAzure,
): Promise<{ entry: PermittedPrincipal; ids: Set<string> }[]> {
  const shared = {
    role: role.name,
    scope: assignment.scope,
    assignmentId: assignment.name,
    condition: assignment.condition,
  };
  const principal = await directory.principal(assignment.principalId).catch(() => null);
  const self: PermittedPrincipal = {
    ...shared,
    principalId: assignment.principalId,
    principalType: assignment.principalType || principal?.kind || 'Unknown',
    name: principal ? displayNameOf(principal) : assignment.principalId,
    group: null,
  };
  if (assignment.principalType !== 'Group') return [{ entry: self, ids: new Set([assignment.principalId]) }];
  const members = await directory.membersOf(assignment.principalId).catch(() => null);
  if (!members) return [{ entry: self, ids: new Set([assignment.principalId]) }];
  return members
    .filter((member) => member.kind !== 'Group')
    .map((member) => ({
      entry: {
        ...shared,
        principalId: member.id,
        principalType: member.kind,
        name: displayNameOf(member),
        group: self.name,
      },
      ids: new Set([member.id, assignment.principalId]),
    }));
}

/** Principals that match what a person typed. Without Graph, only an object id works. */
export async function findCaller(text: string, { directory }: RolesAzure): Promise<Principal[]> {
  try {
    const found = await directory.search(text);
    if (found.length > 0 || !guid(text)) return found;
  } catch (error) {
    if (!guid(text)) throw error;
  }
  const id = guid(text) ?? '';
  return [
    { id, kind: 'Unknown', name: id, login: null, mail: null, jobTitle: null, enabled: null, guest: false },
  ];
}

/**
 * Deny assignments and PIM need extra permissions and licenses. Without them, roles are still worth showing.
 */
const orEmpty = <T>(question: Promise<T[]>): Promise<T[]> => question.catch(() => []);

/** A UPN for people, a name for applications: readers don't recognize an app id. */
const displayNameOf = ({ kind, login, name }: Principal): string =>
  kind === 'User' ? (login ?? name) : name;
