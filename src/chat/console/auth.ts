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
import { phrase, t } from '../../domain/text/translate';
import type { Keyring } from '../../runtime/keyring';
import type { Log } from '../../runtime/log';
import { isForwarded } from '../forwarded';
import { type Html, html } from './html';
import { setPageHeaders } from './page-headers';
import { createSessions, formToken } from './sessions';
import { ownPath } from './sign-in/cookies';
import { consumeOf } from './sign-in/failures';
import { claimsMs } from './sign-in/limits';
import type { SignedIn, SignIn } from './sign-in/sign-in';
import { choicePage, deniedPage, plainPage } from './sign-in/sign-in-pages';

/** A console user and the session that their forms belong to. */
export interface Viewer {
  presser: Presser;
  session: string;
  /** When the session ends at the latest, ms since 1970. Absent if nothing ends it. */
  endsAt?: number;
}

export interface AuthDeps {
  host: string;
  /** True if requests arrive through a proxy, so a local address does not prove a local user. */
  behindProxy: boolean;
  consoleToken: string | null;
  /** Sign-in by OpenID Connect, and the host of its issuer; null without it. */
  signIn: { host: string; by: SignIn } | null;
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
 * Access control for the console. People sign in by OpenID Connect where it is configured, or with
 * RUNWATCH_CONSOLE_TOKEN, which clients send as a bearer token. Without either, only local requests to a
 * loopback address are allowed.
 */
export function createAuth(deps: AuthDeps) {
  const { host, behindProxy, consoleToken, signIn, keyring, failures, log, now } = deps;
  const sessions = consoleToken === null ? null : createSessions(keyring, consoleToken, now);
  const byToken: Presser = { surface: 'console', id: consoleTokenId, name: phrase('the console token') };

  /** Identifies the viewer; null if not authenticated, 'slow' after too many wrong tokens. */
  async function authenticate(request: Request): Promise<Viewer | SignedIn | 'slow' | null> {
    const person = await signIn?.by.authenticate(request);
    if (person) return person;
    if (!sessions || consoleToken === null) {
      const local = !signIn && !behindProxy && isLocal(request, host);
      return local ? { presser: localUser(), session: 'local' } : null;
    }
    const session = cookieOf(request);
    if (session && sessions.isValid(session))
      return { presser: byToken, session, endsAt: sessions.endsAt(session) };
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer === undefined) return null;
    const outcome = await tryToken(request, bearer);
    return outcome === 'right' ? { presser: byToken, session: 'bearer' } : outcome === 'slow' ? 'slow' : null;
  }

  /** Checks a token. After ten wrong tokens in a minute, an address is blocked for a while. */
  async function tryToken(request: Request, given: string): Promise<'right' | 'wrong' | 'slow'> {
    const failed = await consumeOf(failures, request.ip);
    if (failed.isSlow) return 'slow';
    if (consoleToken !== null && same(given, consoleToken)) return 'right';
    log.warn({ address: request.ip ?? 'unknown' }, 'wrong console token');
    await failed.count();
    return 'wrong';
  }

  const guard: RequestHandler = async (request: Request, response: Response, next: NextFunction) => {
    const viewer = await authenticate(request);
    if (viewer === 'slow') return void tooManyAttempts(response);
    const wantsPage = isPageRequest(request);
    const denied = viewer && 'denied' in viewer ? viewer : null;
    if (viewer && denied?.denied == null) {
      viewers.set(request, viewer);
      const left = (viewer.endsAt ?? Number.POSITIVE_INFINITY) - now();
      const longest = Math.min(left, denied ? claimsMs : Number.POSITIVE_INFINITY);
      if (longest < Number.POSITIVE_INFINITY) endIn(Math.max(0, longest), response);
      return next();
    }
    if (!sessions && !signIn) return void response.status(403).send(forbiddenText(host));
    setPageHeaders(request, response);
    if (denied?.denied && !denied.isStale) {
      const { presser, session, denied: why } = denied;
      response.status(403);
      return void response.send(
        wantsPage ? deniedPage(presser, why, formToken(keyring, session)) : t`You have no access. ${why}`,
      );
    }
    if (wantsPage && signIn && !sessions)
      return void response.redirect(302, `/console/sign-in?next=${encodeURIComponent(request.originalUrl)}`);
    response.status(401).set('www-authenticate', 'Bearer');
    if (wantsPage) return void response.send(signInPage(request.originalUrl));
    response.send(
      signIn
        ? t`Sign in: open /console in a browser.`
        : t`Send RUNWATCH_CONSOLE_TOKEN as a bearer token, or open /console in a browser.`,
    );
  };

  const signInPage = (next: string, fault = ''): string =>
    signIn
      ? choicePage(signIn.host, ownPath(next), tokenForm(next, fault))
      : plainPage(t`Sign in`, tokenForm(next, fault));

  const router = Router();
  router.post(
    '/sign-in',
    express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 10 }),
    async (request, response) => {
      if (!sessions) return void response.status(404).end();
      const body = (request.body ?? {}) as Record<string, unknown>;
      const next = ownPath(body.next);
      if (!isOwnForm(request))
        return void response.status(403).send(t`This form was not sent from this page.`);
      const outcome = await tryToken(request, String(body.token ?? ''));
      if (outcome === 'slow') return void tooManyAttempts(response);
      setPageHeaders(request, response);
      if (outcome === 'wrong') return void response.status(401).send(signInPage(next, t`Wrong token.`));
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
  if (signIn) router.use(signIn.by.router);

  return {
    guard,
    /** Serves the sign-in; mounted at /console before the guard. */
    router,
    /** Whether this request may see more than the liveness state. */
    mayRead: async (request: Request): Promise<boolean> => {
      const viewer = await authenticate(request);
      if (viewer === null || viewer === 'slow') return false;
      return !('denied' in viewer) || viewer.denied === null;
    },
  };
}
export type Auth = ReturnType<typeof createAuth>;

/** Whether a browser opens a page, rather than fetches something for an open one. */
const isPageRequest = (request: Request): boolean =>
  request.method === 'GET' &&
  request.accepts(['html', 'json']) === 'html' &&
  ['document', undefined].includes(request.headers['sec-fetch-dest'] as string | undefined);

/** Ends a response that lasts longer, such as a stream of events: its next request is authorized again. */
function endIn(ms: number, response: Response): void {
  if (response.closed) return;
  const timer = setTimeout(() => response.end(), ms);
  response.on('close', () => clearTimeout(timer));
}

/** With TLS, the __Host- prefix binds the cookie to this host. */
const cookieName = (request: Request) => (request.secure ? '__Host-runwatch' : 'runwatch_console');
const cookieOf = (request: Request): string | undefined =>
  parseCookie(request.headers.cookie ?? '')[cookieName(request)];

function localUser(): Presser {
  let name: string = phrase('local user');
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
    .send(t`Too many wrong tokens from your IP address. Wait a minute.`);
}

export const forbiddenText = (host: string) =>
  loopback.has(host)
    ? t`Open the console as http://127.0.0.1 or http://localhost, not through a proxy. To open it elsewhere, set RUNWATCH_CONSOLE_TOKEN.`
    : t`Set RUNWATCH_CONSOLE_TOKEN (openssl rand -base64 32) to open the console here, or bind RUNWATCH_HOST to 127.0.0.1.`;

/** Browsers report the origin of a form in the Sec-Fetch-Site header. */
export function isOwnForm(request: Request): boolean {
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

const tokenForm = (next: string, fault: string): Html =>
  html`<form method="post" action="/console/sign-in">
<input type="hidden" name="next" value="${ownPath(next)}">
<p><label for="token">${t`Console token`}</label> <input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
${fault && html`<p role="alert">${fault}</p>`}
<button type="submit">${t`Open the console`}</button>
</form>`;
