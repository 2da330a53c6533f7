import express, { type Router as ExpressRouter, type Request, Router } from 'express';
import type { Presser } from '../../../domain/people/person';
import { phrase, translate } from '../../../domain/text/translate';
import { setPageHeaders } from '../page-headers';
import { finishSignIn } from './callback';
import { cookieOf, sessionCookie } from './cookies';
import { createIssuer } from './discover';
import { claimsMs } from './limits';
import { createRecheck } from './recheck';
import { createSessionStore, endOf, sessionKey } from './session-store';
import type { SignInDeps } from './sign-in-deps';
import { signedOutPage } from './sign-in-pages';
import { signOut } from './sign-out';
import { startSignIn } from './start';

/** A person with a session. `denied` says why they may not read, as text for them. */
export interface SignedIn {
  presser: Presser;
  /** The session that their forms belong to. */
  session: string;
  endsAt: number;
  denied: string | null;
  /** What the issuer said is too old, and nobody else can say it: signing in again may help. */
  isStale: boolean;
}

/** Sign-in to the console by OpenID Connect. */
export function createSignIn(deps: SignInDeps) {
  const { config, keyring, now, store, identify, mayRead } = deps;
  const issuer = createIssuer(config);
  const sessions = createSessionStore(store, keyring, now);
  const recheck = createRecheck({ ...deps, issuer, sessions, lock: store.lock, unlock: store.unlock });

  /** The person of a request; null without a session. */
  async function authenticate(request: Request): Promise<SignedIn | null> {
    const id = cookieOf(request, sessionCookie);
    if (!id || !/^[\w-]{43}$/.test(id)) return null;
    const key = sessionKey(id);
    const found = await sessions.find(key);
    const session = found && (await recheck(key, found));
    if (!session || session.presser.issuer !== config.issuer) return null;
    if (isUse(request)) await sessions.touch(key, session);
    const known = await identify(session.presser);
    const endsAt = endOf(session);
    const isStale = now() - session.checkedAt > claimsMs;
    if ('refused' in known)
      return { presser: session.presser, session: key, endsAt, denied: known.refused, isStale: false };
    const denied = (await mayRead(known.presser)) ? null : translate(cannotRead);
    return { presser: known.presser, session: key, endsAt, denied, isStale };
  }

  const router: ExpressRouter = Router();
  const headers: express.RequestHandler = (request, response, next) => {
    setPageHeaders(request, response);
    next();
  };
  const form = express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 10 });
  router.get('/sign-in', headers, startSignIn(issuer, deps));
  router.get('/callback', headers, finishSignIn(issuer, sessions, deps));
  router.post('/sign-out', headers, form, signOut(issuer, sessions, deps));
  router.get('/signed-out', headers, (_request, response) => void response.send(signedOutPage()));

  return { authenticate, router };
}
export type SignIn = ReturnType<typeof createSignIn>;

const cannotRead = phrase(
  'You are neither a responder nor a reader of Runwatch. Ask an admin to add you, or a group of yours, to RUNWATCH_READERS or RUNWATCH_RESPONDERS.',
);

/** Whether a person did something. Updates that an open page fetches don't keep a session alive. */
function isUse({ method, headers }: Request): boolean {
  const destination = headers['sec-fetch-dest'];
  return method !== 'GET' || destination === undefined || destination === 'document';
}
