import type { Request, Response } from 'express';
import {
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { rateLimitedWarn } from '../../../runtime/rate-limited-warn';
import { ownPath, setCookie } from './cookies';
import type { Issuer } from './discover';
import { transactionMs } from './limits';
import type { SignInDeps } from './sign-in-deps';
import { unavailablePage } from './sign-in-pages';
import { sealTransaction, transactionCookie } from './transaction';

/** Sends the browser to the issuer, and remembers the page that it wanted. */
export function startSignIn(issuer: Issuer, { config, keyring, log, now }: SignInDeps) {
  const warn = rateLimitedWarn(log);
  return async (request: Request, response: Response): Promise<void> => {
    const next = ownPath(request.query.next);
    let found: Configuration;
    try {
      found = await issuer();
    } catch (error) {
      warn(error, 'the sign-in service does not answer');
      const page = unavailablePage(new URL(config.issuer).host, next);
      return void response.status(503).set('retry-after', '10').send(page);
    }
    const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
    const sealed = sealTransaction(keyring, { state, nonce, verifier, next, at: now() });
    setCookie(response, transactionCookie(state), sealed, transactionMs);
    const url = buildAuthorizationUrl(found, {
      redirect_uri: config.redirectUri,
      response_type: 'code',
      scope: scopeOf(found),
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    response.redirect(302, url.href);
  };
}

/** A refresh token lets us ask again whether the issuer still vouches for the person. */
function scopeOf(found: Configuration): string {
  const offline = found.serverMetadata().scopes_supported?.includes('offline_access');
  return `openid profile email${offline ? ' offline_access' : ''}`;
}
