import type { Able } from '../../domain/access/access-review';
import { type Assignment, type Way, waysTo } from '../../domain/access/resolve-access';
import { covers } from '../../domain/resources/resource-id';
import { allTechniques } from '../../domain/techniques/catalogue';
import { guid } from '../../domain/text/guid';
import type { Azure } from '../azure';
import type { Principal } from './directory';

/** What the resolver asks of Azure. */
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

/** One role of a caller at a scope, and how it reaches them. */
export interface CallerRole {
  role: string;
  scope: string;
  assignmentId: string;
  principalId: string;
  principalType: string;
  /** The group that it comes through. */
  group: { id: string; name: string; members: number | null } | null;
  condition: string | null;
  /** When PIM ends it. */
  until: string | null;
  /** PIM: may be activated, is not active. */
  eligible: boolean;
  /** It lets them run commands at the scope asked about. */
  runsCommands: boolean;
  /** The name of the deny assignment that forbids it all the same. */
  deniedBy: string | null;
}

/** Every operation that runs code. */
const runActions = () => allTechniques().flatMap((technique) => technique.operations);

/** A caller's assignments at, above and below a scope, PIM's too, and which of them let them run commands. */
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
    orNothing(azure.deniesAt(subscription)),
    orNothing(azure.scheduledOf(callerId, subscriptionId)),
    orNothing(azure.eligibleOf(callerId, subscriptionId)),
  ]);
  const ends = new Map(
    scheduled.map((assignment) => [assignment.name.toLowerCase(), assignment.until ?? null]),
  );
  const all = [
    ...assigned.map((a) => ({ ...a, until: ends.get(a.name.toLowerCase()) ?? null })),
    ...eligible,
  ];
  const principals = new Set([callerId.toLowerCase(), ...all.map((assignment) => assignment.principalId)]);
  const related = all.filter((a) => covers(a.scope, scope) || covers(scope, a.scope));
  return Promise.all(
    related.map(async (assignment) => {
      const role = definitions.find(
        (definition) => definition.id === assignment.roleDefinitionId.split('/').at(-1),
      );
      const place = covers(assignment.scope, scope) ? scope : assignment.scope;
      const answers = runActions().map((action) =>
        waysTo({ action, scope: place, principals }, [assignment], definitions, denies),
      );
      return {
        role: role?.name ?? assignment.roleDefinitionId,
        scope: assignment.scope,
        assignmentId: assignment.name,
        principalId: assignment.principalId,
        principalType: assignment.principalType,
        group: await groupOf(assignment, callerId, azure),
        condition: assignment.condition,
        until: assignment.until ?? null,
        eligible: assignment.eligible ?? false,
        runsCommands: answers.some(({ ways }) => ways.length > 0),
        deniedBy: answers.find(({ deniedBy }) => deniedBy)?.deniedBy?.name ?? null,
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

/** Every principal that can do an action at a scope; groups are opened where Graph may be asked, else named. */
export async function whoCan(
  action: string,
  scope: string,
  subscriptionId: string,
  azure: RolesAzure,
): Promise<Able[]> {
  const subscription = `/subscriptions/${subscriptionId}`;
  const [assignments, definitions, denies] = await Promise.all([
    azure.assignmentsAt(scope),
    azure.roleDefinitions(subscription),
    orNothing(azure.deniesAt(subscription)),
  ]);
  const { ways } = waysTo({ action, scope, principals: null }, assignments, definitions);
  const found = await Promise.all(
    ways.map(async (way) => {
      const everybody = await membersOf(way, azure);
      return everybody
        .filter(
          ({ ids }) =>
            !waysTo({ action, scope, principals: ids }, [way.assignment], definitions, denies).deniedBy,
        )
        .map(({ able }) => able);
    }),
  );
  return found.flat();
}

async function membersOf(
  { assignment, role }: Way,
  { directory }: RolesAzure,
): Promise<{ able: Able; ids: Set<string> }[]> {
  const shared = {
    role: role.name,
    scope: assignment.scope,
    assignmentId: assignment.name,
    condition: assignment.condition,
  };
  const principal = await directory.principal(assignment.principalId).catch(() => null);
  const self: Able = {
    ...shared,
    principalId: assignment.principalId,
    principalType: assignment.principalType || principal?.kind || 'Unknown',
    name: principal ? calledName(principal) : assignment.principalId,
    group: null,
  };
  if (assignment.principalType !== 'Group') return [{ able: self, ids: new Set([assignment.principalId]) }];
  const members = await directory.membersOf(assignment.principalId).catch(() => null);
  if (!members) return [{ able: self, ids: new Set([assignment.principalId]) }];
  return members
    .filter((member) => member.kind !== 'Group')
    .map((member) => ({
      able: {
        ...shared,
        principalId: member.id,
        principalType: member.kind,
        name: calledName(member),
        group: self.name,
      },
      ids: new Set([member.id, assignment.principalId]),
    }));
}

/** The object id behind what a person typed. Without Graph only an object id will do. */
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

/** Deny assignments and PIM need permissions (and licences) of their own; without them roles are still worth showing. */
const orNothing = <T>(question: Promise<T[]>): Promise<T[]> => question.catch(() => []);

/** People are known by their UPN, applications by their name: an app id says nothing to a reader. */
const calledName = ({ kind, login, name }: Principal): string => (kind === 'User' ? (login ?? name) : name);
