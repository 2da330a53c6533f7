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
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { consoleTokenId, type Presser } from '../../domain/people/person';
import type { Keyring } from '../../runtime/keyring';
import type { Log } from '../../runtime/log';
import { isForwarded } from '../forwarded';
import { html } from './html';
import { createSessions } from './sessions';

/** Who uses the console, and the session that their forms belong to. */
export interface Viewer {
  presser: Presser;
  session: string;
}

export interface DoorDeps {
  host: string;
  /** Somebody else reaches us through a proxy, so an address of this machine proves nothing. */
  behindProxy: boolean;
  consoleToken: string | null;
  keyring: Keyring;
  /** Wrong tokens by address. */
  failures: RateLimiterAbstract;
  log: Log;
  now: () => number;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Bound to loopback, asked for under a loopback name, and not passed on by a proxy. */
export function isLocal(request: Request, host: string): boolean {
  const named = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return loopback.has(host) && loopback.has(named) && !isForwarded(request);
}

const viewers = new WeakMap<Request, Viewer>();

/** The viewer whom the door let in. */
export function viewerOf(request: Request): Viewer {
  const viewer = viewers.get(request);
  if (!viewer) throw new Error('nobody was let in');
  return viewer;
}

/**
 * The console's door. Without RUNWATCH_CONSOLE_TOKEN only this machine may enter, on a loopback address. With it, the token
 * is typed into a form once, or sent as a bearer.
 */
export function createDoor({ host, behindProxy, consoleToken, keyring, failures, log, now }: DoorDeps) {
  const sessions = consoleToken === null ? null : createSessions(keyring, consoleToken, now);
  const byToken: Presser = { surface: 'console', id: consoleTokenId, name: 'the console token' };

  /** Who asks; null for strangers, 'slow' for whoever guessed wrongly too often. */
  async function recognize(request: Request): Promise<Viewer | 'slow' | null> {
    if (!sessions || consoleToken === null) {
      const local = !behindProxy && isLocal(request, host);
      return local ? { presser: localUser(), session: 'local' } : null;
    }
    const session = cookieOf(request);
    if (session && sessions.holds(session)) return { presser: byToken, session };
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer === undefined) return null;
    const said = await tryToken(request, bearer);
    return said === 'right' ? { presser: byToken, session: 'bearer' } : said === 'slow' ? 'slow' : null;
  }

  /** A wrong token counts against its address; after ten in a minute nothing from there is looked at for a while. */
  async function tryToken(request: Request, given: string): Promise<'right' | 'wrong' | 'slow'> {
    const address = request.ip ?? 'unknown';
    const before = await failures.get(address).catch(() => null);
    if (before && before.remainingPoints <= 0) return 'slow';
    if (consoleToken !== null && same(given, consoleToken)) return 'right';
    log.warn({ address }, 'a wrong console token');
    await failures.consume(address).catch(() => {});
    return 'wrong';
  }

  const guard: RequestHandler = async (request: Request, response: Response, next: NextFunction) => {
    const viewer = await recognize(request);
    if (viewer === 'slow') return void tooOften(response);
    if (viewer) {
      viewers.set(request, viewer);
      return next();
    }
    if (!sessions) return void response.status(403).send(whyShut(host));
    const wantsPage = request.method === 'GET' && request.accepts(['html', 'json']) === 'html';
    response.status(401).set('www-authenticate', 'Bearer').set(pageHeaders);
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
      if (!isOwnForm(request)) return void response.status(403).send('This form is not from this page.');
      const said = await tryToken(request, String(body.token ?? ''));
      if (said === 'slow') return void tooOften(response);
      if (said === 'wrong')
        return void response.status(401).set(pageHeaders).send(signInPage(next, 'That token is not right.'));
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
    /** Where the token is typed in; mounted at /console before the guard. */
    router,
    /** May this request see more than whether we live? */
    mayRead: async (request: Request): Promise<boolean> => {
      const viewer = await recognize(request);
      return viewer !== null && viewer !== 'slow';
    },
  };
}
export type Door = ReturnType<typeof createDoor>;

/** With TLS the cookie is bound to this very host. */
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

function tooOften(response: Response): void {
  response
    .status(429)
    .set('retry-after', '60')
    .send('Too many wrong tokens from your address. Wait a minute.');
}

const whyShut = (host: string) =>
  loopback.has(host)
    ? 'Open the console as http://127.0.0.1 or http://localhost, not through a proxy. To open it elsewhere, set RUNWATCH_CONSOLE_TOKEN.'
    : 'Set RUNWATCH_CONSOLE_TOKEN (openssl rand -base64 32) to open the console here, or bind RUNWATCH_HOST to 127.0.0.1.';

/** A page of ours to go on to: never another host's. */
function safePath(path: unknown): string {
  const given = typeof path === 'string' ? path : '';
  return /^\/(console|queues)([/?#]|$)/.test(given) && !/[\\\s]|\/\//.test(given)
    ? given.slice(0, 2000)
    : '/console';
}

/** Browsers say where a form comes from. */
function isOwnForm(request: Request): boolean {
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

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
