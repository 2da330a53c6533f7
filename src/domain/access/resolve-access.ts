import { depthOf } from '../resources/parse-scope';
import { covers, is } from '../resources/resource-id';
import { scopeLabel } from '../resources/scope-label';
import { phrase, t, translate } from '../text/translate';
import { grants, grantsData, type PermissionBlock, type RoleDefinition } from './role-permissions';

/** A role assignment as ARM lists it. Active PIM assignments have `until`; eligible ones have `eligible`. */
export interface Assignment {
  /** Full ARM id. */
  id: string;
  /** GUID (the assignment's name). */
  name: string;
  scope: string;
  roleDefinitionId: string;
  principalId: string;
  principalType: string;
  /** ABAC condition; shown, not evaluated. */
  condition: string | null;
  description: string | null;
  createdOn: string | null;
  createdBy: string | null;
  /** When PIM ends it, RFC 3339; null if permanent. */
  until?: string | null | undefined;
  /** Eligible for activation, but not active. */
  eligible?: boolean | undefined;
}

/** A deny assignment. @see https://learn.microsoft.com/azure/role-based-access-control/deny-assignments */
export interface Deny {
  name: string;
  scope: string;
  /** Applies to its own scope only, not to child scopes. */
  notToChildren: boolean;
  permissions: PermissionBlock[];
  principals: string[];
  excluded: string[];
  /** Those of both that are or may be groups, lower case. */
  groups?: string[] | undefined;
}

/** An assignment and role that allow an action. */
export interface AccessPath {
  assignment: Assignment;
  role: RoleDefinition;
}

/** Everyone, in a deny assignment's principals. */
export const everyone = '00000000-0000-0000-0000-000000000000';

export interface AccessQuery {
  action: string;
  /** The resource acted on, or a scope above it. */
  scope: string;
  /**
   * Object ids of a principal and its groups. Assignments to others are ignored. Null: all assignments
   * count.
   */
  principals: ReadonlySet<string> | null;
}

/**
 * Returns every assignment that allows the principals the action at the scope, or none if a deny assignment
 * blocks it. Role assignments add up. A notAction limits only its own block. A deny overrides all of them.
 */
export function accessPathsFor(
  { action, scope, principals }: AccessQuery,
  assignments: readonly Assignment[],
  definitions: readonly RoleDefinition[],
  denies: readonly Deny[] = [],
): { ways: AccessPath[]; deniedBy: Deny | null } {
  const byId = definitionsById(definitions);
  const ways = assignments
    .filter((a) => !principals || principals.has(a.principalId.toLowerCase()))
    .filter((a) => covers(a.scope, scope))
    .flatMap((assignment) => {
      const role = byId.get(idOf(assignment.roleDefinitionId));
      return role && grants(role.permissions, action) ? [{ assignment, role }] : [];
    });
  const deniedBy = denies.find((deny) => denyApplies(deny, action, scope, principals)) ?? null;
  return { ways: deniedBy ? [] : ways, deniedBy };
}

function denyApplies(
  deny: Deny,
  action: string,
  scope: string,
  principals: ReadonlySet<string> | null,
): boolean {
  if (!denyReaches(deny, action, scope)) return false;
  if (!principals) return deny.principals.includes(everyone) && deny.excluded.length === 0;
  const among = (ids: readonly string[]) => ids.some((id) => principals.has(id.toLowerCase()));
  return (deny.principals.includes(everyone) || among(deny.principals)) && !among(deny.excluded);
}

/** Whether a deny assignment blocks an action at a scope, for those that it names. */
export const denyReaches = (deny: Deny, action: string, scope: string): boolean =>
  (deny.notToChildren ? is(deny.scope, scope) : covers(deny.scope, scope)) &&
  grants(deny.permissions, action);

/** Sensitive permissions other than running commands. */
const sensitivePermissions: { id: string; text: string; action?: string; data?: string }[] = [
  {
    id: 'change-access',
    text: phrase('change access'),
    action: 'Microsoft.Authorization/roleAssignments/write',
  },
  { id: 'delete-locks', text: phrase('delete locks'), action: 'Microsoft.Authorization/locks/delete' },
  {
    id: 'read-secrets',
    text: phrase('read secrets'),
    data: 'Microsoft.KeyVault/vaults/secrets/getSecret/action',
  },
  {
    id: 'grant-secrets',
    text: phrase('give itself secrets (key vault access policies)'),
    action: 'Microsoft.KeyVault/vaults/accessPolicies/write',
  },
  {
    id: 'read-storage-keys',
    text: phrase('read storage keys'),
    action: 'Microsoft.Storage/storageAccounts/listKeys/action',
  },
];

/**
 * Lists sensitive permissions that the assignments grant, each with the role and the widest scope that
 * grants it.
 */
export function alsoCan(
  assignments: readonly Assignment[],
  definitions: readonly RoleDefinition[],
  subscriptionName: string | null = null,
): { id: string; text: string }[] {
  const byId = definitionsById(definitions);
  return sensitivePermissions.flatMap(({ id, text, action, data }) => {
    const giving = assignments
      .map((assignment) => ({ assignment, role: byId.get(idOf(assignment.roleDefinitionId)) }))
      .filter(
        ({ role }) =>
          role && (action ? grants(role.permissions, action) : grantsData(role.permissions, data ?? '')),
      )
      .sort((a, b) => depthOf(a.assignment.scope) - depthOf(b.assignment.scope))[0];
    return giving?.role
      ? [
          {
            id,
            text: t`${translate(text)} (${giving.role.name} at ${scopeLabel(giving.assignment.scope, subscriptionName)})`,
          },
        ]
      : [];
  });
}

/**
 * Whether an assignment's role allows an action that runs code, or a sensitive permission. True for a role
 * without a known definition.
 */
export function allowsReported(
  assignment: Assignment,
  definitions: readonly RoleDefinition[],
  runActions: readonly string[],
): boolean {
  const role = definitionsById(definitions).get(idOf(assignment.roleDefinitionId));
  return (
    !role ||
    runActions.some((action) => grants(role.permissions, action)) ||
    alsoCan([assignment], definitions).length > 0
  );
}

/** Number of machines that the assignments cover and no deny assignment blocks. */
export function countCovered(
  ways: readonly AccessPath[],
  machineIds: readonly string[],
  isDenied?: (machineId: string) => boolean,
): number {
  const sorted = sortedIds(machineIds);
  const scopes = [...new Set(ways.map((way) => way.assignment.scope.toLowerCase().replace(/\/+$/, '')))];
  const isWidest = (scope: string) => scopes.every((other) => other === scope || !covers(other, scope));
  const covered = scopes.some((scope) => covers(scope, ''))
    ? sorted
    : scopes.filter(isWidest).flatMap((scope) => idsCoveredBy(scope, sorted));
  return isDenied ? covered.filter((id) => !isDenied(id)).length : covered.length;
}

/** The ids below a scope are next to each other, so that a large subscription is not searched for each caller. */
function idsCoveredBy(scope: string, sorted: readonly string[]): readonly string[] {
  const at = firstFrom(scope, sorted);
  const below = sorted.slice(firstFrom(`${scope}/`, sorted), firstFrom(`${scope}${afterSlash}`, sorted));
  return sorted[at] === scope ? [scope, ...below] : below;
}

const afterSlash = String.fromCharCode('/'.charCodeAt(0) + 1);

/** Index of the first of the sorted texts that is not less than `text`. */
function firstFrom(text: string, sorted: readonly string[]): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] as string) < text) from = middle + 1;
    else to = middle;
  }
  return from;
}

const sortedLists = new WeakMap<readonly string[], readonly string[]>();
function sortedIds(ids: readonly string[]): readonly string[] {
  const known = sortedLists.get(ids) ?? ids.map((id) => id.toLowerCase()).sort();
  sortedLists.set(ids, known);
  return known;
}

/** Whether any deny assignment blocks the principals from an action at a scope. */
export const isDenied = ({ action, scope, principals }: AccessQuery, denies: readonly Deny[]): boolean =>
  denies.some((deny) => denyApplies(deny, action, scope, principals));

const idOf = (definitionId: string) => (definitionId.split('/').at(-1) ?? '').toLowerCase();

const indexes = new WeakMap<readonly RoleDefinition[], Map<string, RoleDefinition>>();
function definitionsById(definitions: readonly RoleDefinition[]): Map<string, RoleDefinition> {
  const known = indexes.get(definitions) ?? new Map(definitions.map((role) => [role.id.toLowerCase(), role]));
  indexes.set(definitions, known);
  return known;
}
