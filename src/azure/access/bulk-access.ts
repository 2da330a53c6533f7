import { type Assignment, allowsReported } from '../../domain/access/resolve-access';
import type { RoleDefinition } from '../../domain/access/role-permissions';
import { allTechniques } from '../../domain/techniques/catalogue';
import type { Listing } from '../connection/bulk-reads';
import type { AzureDirectory } from './directory';

/** Every operation that may be alerted on. */
const reportedActions = () => allTechniques().flatMap((technique) => technique.operations);

/**
 * Finds the assignments of each principal, with those of its groups, in a list of all. Groups whose roles
 * allow nothing that Runwatch reports are left out. If a group's members can't be read, it may contain
 * anyone, so no principal is answered.
 */
export async function groupByPrincipal(
  assignments: readonly Assignment[],
  definitions: readonly RoleDefinition[],
  { permitted, memberIds }: Pick<AzureDirectory, 'permitted' | 'memberIds'>,
  since: number,
): Promise<Listing<Assignment[]>> {
  const byPrincipal = new Map<string, Assignment[]>();
  for (const assignment of assignments) pushTo(byPrincipal, assignment.principalId, assignment);
  const groups = groupsThatMatter(assignments, definitions);
  const members = await Promise.all(
    groups.map(({ principalId, principalType }) =>
      permitted && principalType !== 'ForeignGroup' ? memberIds(principalId, since).catch(() => null) : null,
    ),
  );
  const requests = 2 * groups.length;
  if (members.includes(null)) return { find: () => undefined, requests };
  const groupsOf = new Map<string, string[]>();
  groups.forEach(({ principalId }, index) => {
    for (const member of members[index] ?? []) pushTo(groupsOf, member, principalId);
  });
  return {
    requests,
    find: (id) =>
      [id, ...(groupsOf.get(id) ?? [])].flatMap((principal) => byPrincipal.get(principal) ?? []).sort(byId),
  };
}

function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function groupsThatMatter(
  assignments: readonly Assignment[],
  definitions: readonly RoleDefinition[],
): Assignment[] {
  const actions = reportedActions();
  const ofPeople = /^(user|serviceprincipal|device)$/i;
  const found = assignments.filter(
    (assignment) =>
      !ofPeople.test(assignment.principalType) && allowsReported(assignment, definitions, actions),
  );
  return [...new Map(found.map((assignment) => [assignment.principalId, assignment])).values()];
}

/** A list of all and a list of one principal must have the same order. */
export const byId = (a: Assignment, b: Assignment): number =>
  a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1;
