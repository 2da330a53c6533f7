import { covers, is } from '../resources/resource-id';
import { scopeLabel } from '../resources/scope-label';
import { grants, grantsData, type PermissionBlock, type RoleDefinition } from './role-permissions';

/** A role assignment as ARM lists it; one made by PIM has `until`, one that is only eligible has `eligible`. */
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
  /** When PIM ends it, RFC 3339; null when it does not end. */
  until?: string | null | undefined;
  /** It may be activated, but is not active now. */
  eligible?: boolean | undefined;
}

/** A deny assignment. @see https://learn.microsoft.com/azure/role-based-access-control/deny-assignments */
export interface Deny {
  name: string;
  scope: string;
  /** It denies at its own scope only, not below. */
  notToChildren: boolean;
  permissions: PermissionBlock[];
  principals: string[];
  excluded: string[];
}

/** A way by which a principal may do something. */
export interface Way {
  assignment: Assignment;
  role: RoleDefinition;
}

/** Everyone, in a deny assignment's principals. */
export const everyone = '00000000-0000-0000-0000-000000000000';

export interface Question {
  action: string;
  /** The resource acted on, or a scope above it. */
  scope: string;
  /** Object ids of whoever asks: their own and their groups'. Assignments to others don't count; null: all count. */
  principals: ReadonlySet<string> | null;
}

/**
 * Every assignment that lets the principals do the action at the scope, unless a deny assignment forbids it. Role
 * assignments add up; a notAction only narrows its own block; a deny wins over all of them.
 */
export function waysTo(
  { action, scope, principals }: Question,
  assignments: readonly Assignment[],
  definitions: readonly RoleDefinition[],
  denies: readonly Deny[] = [],
): { ways: Way[]; deniedBy: Deny | null } {
  const byId = definitionsById(definitions);
  const ways = assignments
    .filter((a) => !principals || principals.has(a.principalId.toLowerCase()))
    .filter((a) => covers(a.scope, scope))
    .flatMap((assignment) => {
      const role = byId.get(idOf(assignment.roleDefinitionId));
      return role && grants(role.permissions, action) ? [{ assignment, role }] : [];
    });
  const deniedBy = denies.find((deny) => denyHits(deny, action, scope, principals)) ?? null;
  return { ways: deniedBy ? [] : ways, deniedBy };
}

function denyHits(
  deny: Deny,
  action: string,
  scope: string,
  principals: ReadonlySet<string> | null,
): boolean {
  const reaches = deny.notToChildren ? is(deny.scope, scope) : covers(deny.scope, scope);
  if (!reaches || !grants(deny.permissions, action)) return false;
  if (!principals) return deny.principals.includes(everyone) && deny.excluded.length === 0;
  const among = (ids: readonly string[]) => ids.some((id) => principals.has(id.toLowerCase()));
  return (deny.principals.includes(everyone) || among(deny.principals)) && !among(deny.excluded);
}

/** What matters to an attacker beside running commands. */
const worth: { text: string; action?: string; data?: string }[] = [
  { text: 'change access', action: 'Microsoft.Authorization/roleAssignments/write' },
  { text: 'delete locks', action: 'Microsoft.Authorization/locks/delete' },
  { text: 'read secrets', data: 'Microsoft.KeyVault/vaults/secrets/getSecret/action' },
  {
    text: 'give itself secrets (key vault access policies)',
    action: 'Microsoft.KeyVault/vaults/accessPolicies/write',
  },
  { text: 'read storage keys', action: 'Microsoft.Storage/storageAccounts/listKeys/action' },
];

/** What else assignments let their holder do that matters, each with the role and the widest scope it comes from. */
export function alsoCan(
  assignments: readonly Assignment[],
  definitions: readonly RoleDefinition[],
  subscriptionName: string | null = null,
): string[] {
  const byId = definitionsById(definitions);
  return worth.flatMap(({ text, action, data }) => {
    const giving = assignments
      .map((assignment) => ({ assignment, role: byId.get(idOf(assignment.roleDefinitionId)) }))
      .filter(
        ({ role }) =>
          role && (action ? grants(role.permissions, action) : grantsData(role.permissions, data ?? '')),
      )
      .sort((a, b) => a.assignment.scope.length - b.assignment.scope.length)[0];
    return giving?.role
      ? [`${text} (${giving.role.name} at ${scopeLabel(giving.assignment.scope, subscriptionName)})`]
      : [];
  });
}

/** How many of the machines an action's ways cover. */
export const countCovered = (ways: readonly Way[], machineIds: readonly string[]): number =>
  machineIds.filter((id) => ways.some((way) => covers(way.assignment.scope, id))).length;

const idOf = (definitionId: string) => (definitionId.split('/').at(-1) ?? '').toLowerCase();

const indexes = new WeakMap<readonly RoleDefinition[], Map<string, RoleDefinition>>();
function definitionsById(definitions: readonly RoleDefinition[]): Map<string, RoleDefinition> {
  const known = indexes.get(definitions) ?? new Map(definitions.map((role) => [role.id.toLowerCase(), role]));
  indexes.set(definitions, known);
  return known;
}
