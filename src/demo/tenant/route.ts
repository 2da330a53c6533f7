import type { Answer, ArmRequest } from './answers';
import type { Resource } from './resources';
import type { TenantState } from './tenant-state';

export interface Route {
  method: RegExp;
  path: RegExp;
  /** The RBAC action that the request needs. */
  action: string;
  /** API versions that ARM accepts. */
  versions: RegExp;
  answer: (request: ArmRequest, state: TenantState, subscription: string) => Answer;
}

/** Handles a resource that supports only GET, PUT and DELETE. */
export function answerPlain(
  request: ArmRequest,
  state: TenantState,
  check: (body: Partial<Resource>) => void,
): Answer {
  if (request.method === 'GET') return { status: 200, body: state.resources.get(request.path) };
  if (request.method === 'DELETE') return { status: state.resources.remove(request.path) ? 200 : 204 };
  const body = (request.body ?? {}) as Partial<Resource>;
  check(body);
  const properties = { ...body.properties, provisioningState: 'Succeeded' };
  const { resource, created } = state.resources.put(request.path, { ...body, properties });
  return { status: created ? 201 : 200, body: resource };
}
