import { type Answer, ArmError, type ArmRequest, notFound } from './answers';
import { routes } from './routes';
import type { TenantState } from './tenant-state';

const verbs: Record<string, string> = {
  GET: 'read',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
  POST: 'action',
};

/** Routes a request after ARM's general checks: api-version, subscription, permission, locks. */
export function dispatch(request: ArmRequest, state: TenantState): Answer {
  const version = request.query.get('api-version');
  if (!version)
    throw new ArmError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  const route = routes.find((r) => r.path.test(request.path));
  if (!route) throw notFound(request.path);
  if (!route.method.test(request.method))
    throw new ArmError(405, 'MethodNotAllowed', `${request.method} is not allowed here.`);
  if (!route.versions.test(version)) {
    throw new ArmError(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. The supported versions match ${route.versions.source}.`,
    );
  }
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(request.path)?.[1]?.toLowerCase() ?? '';
  if (subscription && !state.subscriptions.has(subscription)) {
    throw new ArmError(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
  }
  const type = /\/providers\/(?:[^/]+)\/([^/]+)/i.exec(request.path)?.[1] ?? '';
  const child = /\/(?:virtualMachines|machines)\/[^/]+\/([^/]+)/i.exec(request.path)?.[1] ?? '';
  const action = route.action
    .replace('$type', type)
    .replace('$child', child)
    .replace(
      '$machines',
      /virtualMachineScaleSets/i.test(request.path)
        ? 'virtualMachineScaleSets/virtualMachines'
        : 'virtualMachines',
    )
    .replace('$last', request.path.split('/').at(-1) ?? '')
    .replace(/\*$/, verbs[request.method] ?? 'read');
  const callerId = request.callerId ?? state.botId;
  if (!state.mayDo(action, request.path, callerId)) {
    throw new ArmError(
      403,
      'AuthorizationFailed',
      `The client 'runwatch' with object id '${callerId}' does not have authorization to perform action '${action}' over scope '${request.path}' or the scope is invalid.`,
    );
  }
  if (request.method !== 'GET') checkLocks(request, state);
  return route.answer(request, state, subscription);
}

/** A lock on the resource or above refuses deletes. A ReadOnly lock also refuses writes and actions. */
function checkLocks({ method, path }: ArmRequest, { resources }: TenantState): void {
  if (/\/providers\/Microsoft\.Authorization\/locks\//i.test(path)) return;
  const lock = resources.ofType('Microsoft.Authorization/locks').find(({ id, properties }) => {
    const scope = id
      .slice(0, id.toLowerCase().lastIndexOf('/providers/microsoft.authorization'))
      .toLowerCase();
    const covers = path.toLowerCase() === scope || path.toLowerCase().startsWith(`${scope}/`);
    return covers && (properties.level === 'ReadOnly' || method === 'DELETE');
  });
  if (!lock) return;
  const verb = method === 'DELETE' ? 'delete' : 'write';
  throw new ArmError(
    409,
    'ScopeLocked',
    `The scope '${path}' cannot perform ${verb} operation because following scope(s) are locked: '${lock.id}'. Please remove the lock and try again.`,
  );
}
