import { createHash, timingSafeEqual } from 'node:crypto';
import { userInfo } from 'node:os';
import { parseCookie, stringifySetCookie } from 'cookie';
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import helmet from 'helmet';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { consoleTokenId, type Presser } from '../../domain/people/person';
import type { Keyring } from '../../runtime/keyring';
import type { Log } from '../../runtime/log';
import { isForwarded } from '../forwarded';
import { html } from './html';
import { createSessions } from './sessions';

/** A console user and the session that their forms belong to. */
export interface Viewer {
  presser: Presser;
  session: string;
}

export interface AuthDeps {
  host: string;
  /** True if requests arrive through a proxy, so a local address does not prove a local user. */
  behindProxy: boolean;
  consoleToken: string | null;
  keyring: Keyring;
  /** Counts failed sign-ins per IP address. */
  failures: RateLimiterAbstract;
  log: Log;
  now: () => number;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** True if bound to loopback, with a loopback Host header, and not forwarded by a proxy. */
export function isLocal(request: Request, host: string): boolean {
  const named = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return loopback.has(host) && loopback.has(named) && !isForwarded(request);
}

const viewers = new WeakMap<Request, Viewer>();

/** The authenticated viewer of a request. */
export function viewerOf(request: Request): Viewer {
  const viewer = viewers.get(request);
  if (!viewer) throw new Error('the request has no authenticated viewer');
  return viewer;
}

/**
 * Access control for the console. Without RUNWATCH_CONSOLE_TOKEN, only local requests to a loopback address
 * are allowed. With it, users sign in with the token, or clients send it as a bearer token.
 */
export function createAuth({ host, behindProxy, consoleToken, keyring, failures, log, now }: AuthDeps) {
  const sessions = consoleToken === null ? null : createSessions(keyring, consoleToken, now);
  const byToken: Presser = { surface: 'console', id: consoleTokenId, name: 'the console token' };

  /** Identifies the viewer; null if not authenticated, 'slow' after too many wrong tokens. */
  async function authenticate(request: Request): Promise<Viewer | 'slow' | null> {
    if (!sessions || consoleToken === null) {
      const local = !behindProxy && isLocal(request, host);
      return local ? { presser: localUser(), session: 'local' } : null;
    }
    const session = cookieOf(request);
    if (session && sessions.isValid(session)) return { presser: byToken, session };
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer === undefined) return null;
    const outcome = await tryToken(request, bearer);
    return outcome === 'right' ? { presser: byToken, session: 'bearer' } : outcome === 'slow' ? 'slow' : null;
  }

  /** Checks a token. After ten wrong tokens in a minute, an address is blocked for a while. */
  async function tryToken(request: Request, given: string): Promise<'right' | 'wrong' | 'slow'> {
    const address = request.ip ?? 'unknown';
    const before = await failures.get(address).catch(() => null);
    if (before && before.remainingPoints <= 0) return 'slow';
    if (consoleToken !== null && same(given, consoleToken)) return 'right';
    log.warn({ address }, 'wrong console token');
    await failures.consume(address).catch(() => {});
    return 'wrong';
  }

  const guard: RequestHandler = async (request: Request, response: Response, next: NextFunction) => {
    const viewer = await authenticate(request);
    if (viewer === 'slow') return void tooManyAttempts(response);
    if (viewer) {
      viewers.set(request, viewer);
      return next();
    }
    if (!sessions) return void response.status(403).send(forbiddenText(host));
    const wantsPage = request.method === 'GET' && request.accepts(['html', 'json']) === 'html';
    setPageHeaders(request, response);
    response.status(401).set('www-authenticate', 'Bearer');
    if (wantsPage) return void response.send(signInPage(request.originalUrl));
    response.send('Send RUNWATCH_CONSOLE_TOKEN as a bearer token, or open /console in a browser.');
  };

  const router = Router();
  router.post(
    '/sign-in',
    express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 10 }),
    async (request, response) => {
      if (!sessions) return void response.status(404).end();
      const body = (request.body ?? {}) as Record<string, unknown>;
      const next = safePath(body.next);
      if (!isOwnForm(request))
        return void response.status(403).send('This form was not sent from this page.');
      const outcome = await tryToken(request, String(body.token ?? ''));
      if (outcome === 'slow') return void tooManyAttempts(response);
      setPageHeaders(request, response);
      if (outcome === 'wrong') return void response.status(401).send(signInPage(next, 'Wrong token.'));
      response.append(
        'set-cookie',
        stringifySetCookie({
          name: cookieName(request),
          value: sessions.begin(),
          httpOnly: true,
          sameSite: 'lax',
          secure: request.secure,
          path: '/',
          maxAge: sessions.maxAgeSeconds,
        }),
      );
      response.redirect(303, next);
    },
  );

  return {
    guard,
    /** Serves the sign-in; mounted at /console before the guard. */
    router,
    /** Whether this request may see more than the liveness state. */
    mayRead: async (request: Request): Promise<boolean> => {
      const viewer = await authenticate(request);
      return viewer !== null && viewer !== 'slow';
    },
  };
}
export type Auth = ReturnType<typeof createAuth>;

/** With TLS, the __Host- prefix binds the cookie to this host. */
const cookieName = (request: Request) => (request.secure ? '__Host-runwatch' : 'runwatch_console');
const cookieOf = (request: Request): string | undefined =>
  parseCookie(request.headers.cookie ?? '')[cookieName(request)];

function localUser(): Presser {
  let name = 'local user';
  try {
    name = userInfo().username;
  } catch {
    // A uid without an entry in /etc/passwd has no name.
  }
  return { surface: 'console', id: name, name };
}

const same = (a: string, b: string) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

function tooManyAttempts(response: Response): void {
  response
    .status(429)
    .set('retry-after', '60')
    .send('Too many wrong tokens from your IP address. Wait a minute.');
}

const forbiddenText = (host: string) =>
  loopback.has(host)
    ? 'Open the console as http://127.0.0.1 or http://localhost, not through a proxy. To open it elsewhere, set RUNWATCH_CONSOLE_TOKEN.'
    : 'Set RUNWATCH_CONSOLE_TOKEN (openssl rand -base64 32) to open the console here, or bind RUNWATCH_HOST to 127.0.0.1.';

/** Path to redirect to. Only our own pages are allowed, never another host. */
function safePath(path: unknown): string {
  const given = typeof path === 'string' ? path : '';
  return /^\/(console|queues)([/?#]|$)/.test(given) && !/[\\\s]|\/\//.test(given)
    ? given.slice(0, 2000)
    : '/console';
}

/** Browsers report the origin of a form in the Sec-Fetch-Site header. */
function isOwnForm(request: Request): boolean {
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

const self = ["'self'"];
const none = ["'none'"];
const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: none,
      scriptSrc: self,
      styleSrc: self,
      connectSrc: self,
      imgSrc: self,
      formAction: self,
      baseUri: none,
      frameAncestors: none,
    },
  },
  xFrameOptions: { action: 'deny' },
  // It would bind every port of the host name; the proxy that ends TLS decides that.
  strictTransportSecurity: false,
});

/** Sets the security headers of a page of ours, which nobody may cache. */
export function setPageHeaders(request: Request, response: Response): void {
  protect(request, response, () => response.set('cache-control', 'no-store'));
}

const signInPage = (next: string, fault = ''): string =>
  `<!doctype html>${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Runwatch</title>
</head>
<body>
<main>
<h1>Runwatch</h1>
<form method="post" action="/console/sign-in">
<input type="hidden" name="next" value="${safePath(next)}">
<p><label for="token">Console token</label> <input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
${fault && html`<p role="alert">${fault}</p>`}
<button type="submit">Open the console</button>
</form>
</main>
</body>
</html>`.text
  }`;
