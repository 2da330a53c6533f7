import type { Request, Response } from 'express';
import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  type ClientError,
  type Configuration,
} from 'openid-client';
import { type Claimed, personOfClaims } from '../../../domain/people/person-of-claims';
import { phrase, translate } from '../../../domain/text/translate';
import { rateLimitedWarn } from '../../../runtime/rate-limited-warn';
import { clearCookie, cookieOf, sessionCookie, setCookie } from './cookies';
import type { Issuer } from './discover';
import { consumeOf } from './failures';
import { lifetimeMs, transactionMs } from './limits';
import { type SessionStore, sessionKey } from './session-store';
import type { SignInDeps } from './sign-in-deps';
import { failedPage, unavailablePage } from './sign-in-pages';
import { openTransaction, type Transaction, transactionCookie } from './transaction';

/** Finishes a sign-in: checks what the issuer sent, begins a session and opens the page that was wanted. */
export function finishSignIn(issuer: Issuer, sessions: SessionStore, deps: SignInDeps) {
  const { config, keyring, log, now, store, claimedGroups, failures, identify, mayRead, denied } = deps;

  const warn = rateLimitedWarn(log);

  return async (request: Request, response: Response): Promise<void> => {
    const failed = await consumeOf(failures, request.ip);
    if (failed.isSlow) return void response.status(429).set('retry-after', '60').send(translate(tooMany));
    const refuse = async (status: number, why: string, reason: object, next = '/console') => {
      log.warn({ ...reason, address: request.ip }, 'a sign-in failed');
      await failed.count();
      response.status(status).send(failedPage(translate(why), next));
    };
    const transaction = transactionOf(request);
    // Not counted: any page can make a browser send this, and others at its address must still be able to sign in.
    if (!transaction) return void response.status(400).send(failedPage(wrongBrowser, '/console'));
    const { next } = transaction;
    clearCookie(response, transactionCookie(transaction.state));
    const isFirst = await store.use(sessionKey(transaction.state), transactionMs / 1000);
    if (!isFirst) return refuse(400, wrongBrowser, { code: 'sign-in used before' });
    let found: Configuration;
    try {
      found = await issuer();
    } catch (error) {
      warn(error, 'the sign-in service does not answer');
      return void response.status(503).send(unavailablePage(new URL(config.issuer).host, next));
    }
    let answer: Awaited<ReturnType<typeof exchange>>;
    try {
      answer = await exchange(found, request, transaction);
    } catch (error) {
      const why = error instanceof AuthorizationResponseError ? refusedThere : notVerified;
      return refuse(400, why, reasonOf(error), next);
    }
    const { claimed, tokens } = answer;
    if ('refused' in claimed)
      return refuse(403, claimed.refused, { code: 'person refused', reason: claimed.refused }, next);
    const { presser, groups } = claimed;
    await claimedGroups.note(presser, groups);
    await endOld(request);
    const id = await sessions.begin({
      presser,
      refreshToken: tokens.refresh_token,
      idToken: tokens.id_token,
    });
    setCookie(response, sessionCookie, id, lifetimeMs);
    await auditIfDenied(presser);
    log.info({ id: presser.id }, 'a person signed in to the console');
    response.redirect(303, next);
  };

  function transactionOf(request: Request): Transaction | null {
    const { state } = request.query;
    if (typeof state !== 'string' || state.length > 200) return null;
    return openTransaction(keyring, cookieOf(request, transactionCookie(state)), state, now());
  }

  async function exchange(found: Configuration, request: Request, { state, nonce, verifier }: Transaction) {
    const url = new URL(config.redirectUri);
    url.search = new URL(request.originalUrl, config.redirectUri).search;
    const tokens = await authorizationCodeGrant(found, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims() ?? {};
    const claimed: Claimed | { refused: string } = personOfClaims(claims, config.issuer);
    return { claimed, tokens };
  }

  /** The session before this sign-in ends, so that nobody keeps it. */
  async function endOld(request: Request): Promise<void> {
    const old = sessionKey(cookieOf(request, sessionCookie) ?? '');
    const session = await sessions.find(old);
    if (session) await sessions.end(old, session);
  }

  async function auditIfDenied(presser: Claimed['presser']): Promise<void> {
    const known = await identify(presser);
    if ('refused' in known) await denied(presser, known.refused);
    else if (!(await mayRead(known.presser))) await denied(presser, 'neither a responder nor a reader');
  }
}

const tooMany = phrase('Too many failed sign-ins from your IP address. Wait a minute.');
const wrongBrowser = phrase(
  'This sign-in was used before, took longer than 10 minutes, or was started in another browser.',
);
const refusedThere = phrase('The sign-in service did not sign you in.');
const notVerified = phrase(
  'Runwatch could not verify the answer of the sign-in service. The reason is in its log.',
);

/** What the log may say about a failure: never the code, the tokens or the secret. */
function reasonOf(error: unknown): object {
  const { code, message, cause } = error as ClientError & { error?: string };
  const said = (error as { error?: unknown }).error;
  const claim = (cause as { claim?: unknown } | undefined)?.claim;
  return {
    code,
    reason: String(message).slice(0, 200),
    ...(typeof said === 'string' ? { said: said.slice(0, 100) } : {}),
    ...(typeof claim === 'string' ? { claim } : {}),
  };
}
