import { type Answer, ArmError, type ArmRequest, notFound } from './answers';
import type { Resource, Resources } from './resources';
import type { Directory } from './simulated-directory';

export interface RoleAssignmentProperties {
  roleDefinitionId: string;
  principalId: string;
  principalType: string;
  scope: string;
  condition?: string | null;
  description?: string | null;
  createdOn?: string;
  createdBy?: string;
}

const marker = '/providers/microsoft.authorization/roleassignments';

/**
 * Lists assignments at, above or below a scope. Filters: atScope(), assignedTo('id'), principalId eq 'id'.
 */
export function listAssignments(request: ArmRequest, resources: Resources, directory: Directory): Answer {
  const scope = scopeOf(request.path, marker);
  const filter = request.query.get('$filter') ?? '';
  const assignments = resources
    .all()
    .filter((r) => r.type.toLowerCase() === 'microsoft.authorization/roleassignments');
  const props = (r: Resource) => r.properties as unknown as RoleAssignmentProperties;
  const above = (r: Resource) => isAtOrAbove(props(r).scope, scope);
  const below = (r: Resource) => isAtOrAbove(scope, props(r).scope);
  let found = assignments.filter((r) => above(r) || below(r));
  const assignedTo = /^(?:atScope\(\) and )?assignedTo\('([0-9a-f-]{36})'\)$/i.exec(filter)?.[1];
  const principal = /^principalId eq '([0-9a-f-]{36})'$/i.exec(filter)?.[1];
  if (filter === 'atScope()') found = assignments.filter(above);
  else if (assignedTo) {
    const ids = directory.withGroups(assignedTo.toLowerCase());
    found = found.filter((r) => ids.has(props(r).principalId) && (!filter.startsWith('atScope') || above(r)));
  } else if (principal) found = found.filter((r) => props(r).principalId === principal.toLowerCase());
  else if (filter !== '') {
    throw new ArmError(
      400,
      'UnsupportedQuery',
      `The filter '${filter}' is not supported. Supported filters are either 'atScope()', 'assignedTo('{value}')' or 'principalId eq '{value}''.`,
    );
  }
  return { status: 200, body: { value: found } };
}

/** Reads, creates or deletes one assignment. */
export function answerAssignment(request: ArmRequest, resources: Resources, now: number): Answer {
  const existing = resources.find(request.path);
  if (request.method === 'GET') {
    if (!existing) throw notFound(request.path);
    return { status: 200, body: existing };
  }
  if (request.method === 'DELETE') {
    resources.remove(request.path);
    return existing ? { status: 200, body: existing } : { status: 204 };
  }
  const wanted =
    (request.body as { properties?: Partial<RoleAssignmentProperties> } | null)?.properties ?? {};
  if (!wanted.roleDefinitionId || !wanted.principalId) {
    throw new ArmError(400, 'InvalidRequestContent', 'roleDefinitionId and principalId are required.');
  }
  const scope = scopeOf(request.path, marker);
  const twin = resources.all().find((r) => {
    const p = r.properties as unknown as RoleAssignmentProperties;
    return (
      r.type.toLowerCase() === 'microsoft.authorization/roleassignments' &&
      p.principalId === wanted.principalId &&
      p.scope.toLowerCase() === scope.toLowerCase() &&
      p.roleDefinitionId.split('/').at(-1) === wanted.roleDefinitionId?.split('/').at(-1)
    );
  });
  if (twin) throw new ArmError(409, 'RoleAssignmentExists', 'The role assignment already exists.');
  const { resource } = resources.put(request.path, {
    properties: { ...wanted, scope, createdOn: new Date(now).toISOString(), createdBy: 'runwatch' },
  });
  return { status: 201, body: resource };
}

export function listDefinitions(
  request: ArmRequest,
  builtIn: readonly unknown[],
  custom: readonly unknown[],
): Answer {
  const filter = request.query.get('$filter');
  const name = /^roleName eq '([^']+)'$/.exec(filter ?? '')?.[1];
  const all = [...builtIn, ...custom] as { properties: { roleName: string } }[];
  return {
    status: 200,
    body: { value: name ? all.filter((role) => role.properties.roleName === name) : all },
  };
}

/** Deny assignments or PIM instances at, above or below a scope. Filters: atScope(), assignedTo('id'). */
export function listScoped<T extends { properties: { scope?: unknown; principalId?: unknown } }>(
  request: ArmRequest,
  all: readonly T[],
  directory: Directory,
): Answer {
  const scope = request.path.replace(/\/providers\/Microsoft\.Authorization\/[^/]+$/i, '') || '/';
  const filter = request.query.get('$filter') ?? '';
  const who = /^assignedTo\('([^']+)'\)$/.exec(filter)?.[1];
  const ids = who ? directory.withGroups(who.toLowerCase()) : null;
  const value = all.filter(({ properties }) => {
    const own = String(properties.scope ?? scope);
    const above = isAtOrAbove(own, scope);
    if (filter === 'atScope()') return above;
    return (above || isAtOrAbove(scope, own)) && (!ids || ids.has(String(properties.principalId)));
  });
  return { status: 200, body: { value } };
}

const scopeOf = (path: string, at: string) => path.slice(0, path.toLowerCase().lastIndexOf(at)) || '/';

export function isAtOrAbove(scope: string, id: string): boolean {
  const upper = scope.toLowerCase().replace(/\/+$/, '');
  const lower = id.toLowerCase();
  return (
    upper === '' ||
    upper.startsWith('/providers/microsoft.management/managementgroups') ||
    lower === upper ||
    lower.startsWith(`${upper}/`)
  );
}
