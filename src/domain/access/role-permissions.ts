import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { globMatches } from '../exceptions/exception';

/** The parts of ARM's role definition that decide access. */
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
 * Whether the role grants the action: one block's actions match and none of its notActions do.
 * Source: "Understand Azure role definitions", learn.microsoft.com.
 */
export function grants(permissions: readonly PermissionBlock[], action: string): boolean {
  return permissions.some(
    (block) =>
      block.actions.some((pattern) => actionMatches(pattern, action)) &&
      !block.notActions.some((pattern) => actionMatches(pattern, action)),
  );
}

/** Like {@link grants}, for data actions such as reading a secret's value. */
export const grantsData = (permissions: readonly PermissionBlock[], dataAction: string): boolean =>
  grants(
    permissions.map((block) => ({
      actions: block.dataActions ?? [],
      notActions: block.notDataActions ?? [],
    })),
    dataAction,
  );

/** Bounded by size: `max` would allocate all entries at once. */
const matchers = new LRUCache<string, (action: string) => boolean>({
  maxSize: 50_000,
  sizeCalculation: () => 1,
});

/** `*` matches any text, including slashes. Case-insensitive. */
export function actionMatches(pattern: string, action: string): boolean {
  let matcher = matchers.get(pattern);
  if (!matcher) {
    matcher = compile(pattern);
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

const strings = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const armRole = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  properties: z.object({
    roleName: z.string(),
    type: z.string().nullish(),
    roleType: z.string().nullish(),
    description: z.string().nullish(),
    permissions: z.array(
      z.object({ actions: strings, notActions: strings, dataActions: strings, notDataActions: strings }),
    ),
  }),
});

/**
 * Parses role definitions from ARM ({"value":[…]} or an array), the flattened output of az, or
 * Get-AzRoleDefinition.
 * @throws {Error} that names the first invalid field
 */
export function parseRoleDefinitions(list: unknown): RoleDefinition[] {
  return itemsOf(list).map((item, index) => {
    const parsed = armRole.safeParse(asArm(item));
    const issue = parsed.error?.issues[0];
    if (!parsed.success) throw new Error(`role ${index + 1}: ${issue?.path.join('.')}: ${issue?.message}`);
    const { id, name, properties } = parsed.data;
    return {
      id: (name ?? id ?? '').split('/').at(-1) ?? '',
      name: properties.roleName,
      custom: (properties.type ?? properties.roleType) === 'CustomRole',
      description: properties.description ?? undefined,
      permissions: properties.permissions,
    };
  });
}

function itemsOf(list: unknown): unknown[] {
  if (Array.isArray(list)) return list;
  const { value, Actions } = (list ?? {}) as { value?: unknown; Actions?: unknown };
  if (Array.isArray(value)) return value;
  if (Actions) return [list];
  throw new Error('expected a list of role definitions: {"value":[…]} or an array');
}

function asArm(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || 'properties' in item) return item;
  if (!('Actions' in item)) return { ...item, properties: item };
  const role = item as Record<string, unknown>;
  return {
    name: role.Id,
    properties: {
      roleName: role.Name,
      type: role.IsCustom === true ? 'CustomRole' : 'BuiltInRole',
      description: role.Description,
      permissions: [
        {
          actions: role.Actions,
          notActions: role.NotActions,
          dataActions: role.DataActions,
          notDataActions: role.NotDataActions,
        },
      ],
    },
  };
}
