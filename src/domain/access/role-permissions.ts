import { globMatches } from '../exceptions/exception';

/** A role definition as ARM lists it, reduced to what decides. */
export interface RoleDefinition {
  /** GUID (the definition's name). */
  id: string;
  name: string;
  custom: boolean;
  description?: string | undefined;
  permissions: PermissionBlock[];
}

export interface PermissionBlock {
  actions: string[];
  notActions: string[];
  dataActions?: string[] | undefined;
  notDataActions?: string[] | undefined;
}

/**
 * Does the role grant the action? Some block's actions match and none of that same block's notActions do.
 * Source: "Understand Azure role definitions", learn.microsoft.com.
 */
export function grants(permissions: readonly PermissionBlock[], action: string): boolean {
  return permissions.some(
    (block) =>
      block.actions.some((pattern) => actionMatches(pattern, action)) &&
      !block.notActions.some((pattern) => actionMatches(pattern, action)),
  );
}

/** As {@link grants}, for what a role may do to data, such as reading a secret's value. */
export const grantsData = (permissions: readonly PermissionBlock[], dataAction: string): boolean =>
  grants(
    permissions.map((block) => ({
      actions: block.dataActions ?? [],
      notActions: block.notDataActions ?? [],
    })),
    dataAction,
  );

const matchers = new Map<string, (action: string) => boolean>();

/** `*` stands for any run of characters, slashes too; no case. */
export function actionMatches(pattern: string, action: string): boolean {
  let matcher = matchers.get(pattern);
  if (!matcher) {
    matcher = compile(pattern);
    if (matchers.size > 50_000) matchers.clear();
    matchers.set(pattern, matcher);
  }
  return matcher(action);
}

function compile(pattern: string): (action: string) => boolean {
  if (!pattern.includes('*')) {
    const exact = pattern.toLowerCase();
    return (action) => action.toLowerCase() === exact;
  }
  return (action) => globMatches(pattern, action);
}

/** Reads ARM's roleDefinitions list ({"value":[…]}, a bare array, or az's flattened form). */
export function parseRoleDefinitions(list: unknown): RoleDefinition[] {
  const items = Array.isArray(list) ? list : (list as { value?: unknown } | null)?.value;
  if (!Array.isArray(items)) throw new Error('expected an ARM list: {"value":[…]} or an array');
  return items.map((item) => {
    const p = item.properties ?? item;
    return {
      id:
        String(item.name ?? item.id ?? '')
          .split('/')
          .at(-1) ?? '',
      name: String(p.roleName ?? item.name ?? ''),
      custom: String(p.type ?? p.roleType ?? '') === 'CustomRole',
      description: p.description ?? undefined,
      permissions: (p.permissions ?? []).map((block: Partial<PermissionBlock>) => ({
        actions: block.actions ?? [],
        notActions: block.notActions ?? [],
        dataActions: block.dataActions ?? [],
        notDataActions: block.notDataActions ?? [],
      })),
    };
  });
}
