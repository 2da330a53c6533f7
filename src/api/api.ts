import express, { type NextFunction, type Request, type Response, Router } from 'express';
import helmet from 'helmet';
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { z } from 'zod';
import { limitKeyOf } from '../domain/network/limit-key';
import type { Log } from '../runtime/log';
import type { ApiDeps } from './api-deps';
import { checkScope } from './auth/authenticate';
import { idempotencyKey, lastEventId, openApiDocument } from './openapi';
import { Problem, problemOf, sendProblem } from './problem';
import type { AnyRoute } from './route';
import { actionRoutes } from './routes/actions';
import { alertRoutes } from './routes/alerts';
import { auditRoutes } from './routes/audit';
import { changeRoutes } from './routes/changes';
import { exceptionRoutes } from './routes/exceptions';
import { healthRoutes } from './routes/health';
import { measureRoutes } from './routes/measures';

export const apiRoutes: readonly AnyRoute[] = [
  ...alertRoutes,
  ...actionRoutes,
  ...exceptionRoutes,
  ...measureRoutes,
  ...changeRoutes,
  ...auditRoutes,
  ...healthRoutes,
];

/** The version of the API, not of Runwatch. */
const apiVersion = '1.0.0';

/** The issuer in the published document. A server describes its own. */
export const exampleOpenIdUrl =
  'https://login.microsoftonline.com/TENANT/v2.0/.well-known/openid-configuration';

/** @param openIdUrl where the issuer describes itself; null without one */
export const apiDocument = (openIdUrl: string | null) => openApiDocument(apiRoutes, apiVersion, openIdUrl);

const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: false,
});

/** The HTTP API, mounted at /api/v1. */
export function createApi(deps: ApiDeps & { log: Log }): Router {
  const router = Router();
  const { limits } = deps;
  router.use(protect, (_request, response, next) => {
    response.set('cache-control', 'no-store');
    next();
  });
  router.use(async (request, response, next) => {
    await count(limits.address, limitKeyOf(request.ip), null);
    const caller = await deps.authenticate(request);
    await count(limits.caller, caller.key, response);
    response.locals.caller = caller;
    next();
  });
  const readBody = express.json({ limit: '64kb', inflate: false, type: 'application/json' });
  const methods = new Map<string, string[]>();
  for (const route of apiRoutes) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
    router[route.method](path, ...(route.body ? [readBody] : []), (request, response) =>
      answer(route, request, response, deps),
    );
  }
  const document = JSON.stringify(apiDocument(deps.openIdUrl));
  router.get('/openapi.json', (_request, response) => void response.type('json').send(document));
  for (const [path, allowed] of methods)
    router.all(path, () => {
      const headers = { allow: allowed.join(', ') };
      throw new Problem('wrong-method', `Use ${headers.allow}.`, { headers });
    });
  router.use(() => {
    throw new Problem('not-found', 'Nothing is here. /api/v1/openapi.json describes the API.');
  });
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const problem = problemOf(error);
    if (problem.kind === 'internal-error') deps.log.error({ error }, 'a request to the API failed');
    if (response.headersSent) return next(error);
    sendProblem(response, problem);
  });
  return router;
}

async function answer(route: AnyRoute, request: Request, response: Response, deps: ApiDeps): Promise<void> {
  const { caller } = response.locals;
  checkScope(caller, route.scope);
  if (route.scope === 'Alerts.Act') await count(deps.limits.acts, caller.key, response);
  if (route.isSearch) await count(deps.limits.searches, caller.key, response);
  const asked = {
    caller,
    response,
    params: read(route.params ?? {}, request.params, 'path'),
    query: read(route.query ?? {}, request.query, 'query'),
    idempotencyKey: route.isIdempotent ? readKey(request) : '',
    body: route.body ? readJson(route.body, request) : undefined,
    lastEventId: route.answer.type ? readLastEvent(request) : null,
  };
  const answered = await route.handle(asked, deps);
  if (answered)
    response
      .status(answered.status)
      .set(answered.headers ?? {})
      .json(answered.body);
}

/** @throws {Problem} that names the first fault */
function read(fields: Readonly<Record<string, z.ZodType>>, given: unknown, where: 'path' | 'query') {
  const parsed = z.strictObject(fields).safeParse({ ...(given as object) });
  if (parsed.success) return parsed.data;
  if (where === 'path') throw new Problem('not-found', 'Nothing has this id.');
  throw new Problem('invalid-request', faultOf(parsed.error));
}

function readJson(schema: z.ZodType, request: Request): unknown {
  if (!request.is('application/json'))
    throw new Problem('wrong-type', 'Send the body with Content-Type: application/json.');
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  throw new Problem('invalid-input', faultOf(parsed.error));
}

function readKey(request: Request): string {
  const parsed = idempotencyKey.safeParse(request.get('idempotency-key'));
  if (parsed.success) return parsed.data;
  throw new Problem('invalid-request', 'Send an Idempotency-Key of 1 to 200 visible ASCII characters.');
}

function readLastEvent(request: Request): string | null {
  const parsed = lastEventId.safeParse(request.get('last-event-id'));
  if (parsed.success) return parsed.data ?? null;
  throw new Problem('invalid-request', 'Last-Event-ID is not the id of an event of this API.');
}

function faultOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  const where = issue?.path.join('.').slice(0, 100);
  return `${where ? `${where}: ` : ''}${issue?.message.slice(0, 300) ?? 'unreadable'}`;
}

/**
 * Counts a request, and says in the answer how many are left. Source: draft-ietf-httpapi-ratelimit-headers.
 * @throws {Problem} if there were too many
 */
async function count(limiter: RateLimiterAbstract, key: string, response: Response | null): Promise<void> {
  const { points, duration } = limiter;
  const headersOf = ({ remainingPoints, msBeforeNext }: RateLimiterRes) => ({
    'ratelimit-policy': `"default";q=${points};w=${duration}`,
    ratelimit: `"default";r=${remainingPoints};t=${Math.ceil(msBeforeNext / 1000)}`,
  });
  try {
    const left = await limiter.consume(key);
    response?.set(headersOf(left));
  } catch (error) {
    if (error instanceof Error) throw error;
    const over = error as RateLimiterRes;
    const seconds = Math.max(1, Math.ceil(over.msBeforeNext / 1000));
    const headers = { ...headersOf(over), 'retry-after': String(seconds) };
    throw new Problem('too-many-requests', `Try again in ${seconds} s.`, { headers });
  }
}
