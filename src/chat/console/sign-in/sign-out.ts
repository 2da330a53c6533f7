import type { Request, Response } from 'express';
import { buildEndSessionUrl } from 'openid-client';
import { t } from '../../../domain/text/translate';
import { isFormToken } from '../sessions';
import { clearCookie, cookieOf, sessionCookie } from './cookies';
import type { Issuer } from './discover';
import { type SessionStore, sessionKey } from './session-store';
import type { SignInDeps } from './sign-in-deps';
import { signingOutPage } from './sign-in-pages';

/** Ends our session and, where the issuer has an address for it, theirs. */
export const signOut =
  (issuer: Issuer, sessions: SessionStore, { config, keyring, log }: SignInDeps) =>
  async (request: Request, response: Response): Promise<void> => {
    if (request.headers['sec-fetch-site'] === 'cross-site')
      return void response.status(403).send(t`This form was not sent from this page.`);
    const key = sessionKey(cookieOf(request, sessionCookie) ?? '');
    const session = await sessions.find(key);
    const given = (request.body as Record<string, unknown> | undefined)?.csrf;
    if (session && !isFormToken(keyring, key, given))
      return void response.status(403).send(t`This form has expired. Reload the page and try again.`);
    if (session) await sessions.end(key, session);
    clearCookie(response, sessionCookie);
    const theirs = session ? await endSessionUrl(session.idToken) : null;
    if (!theirs) return void response.redirect(303, '/console/signed-out');
    // A redirect would be blocked: a form may lead only to our own pages (form-action).
    response.set('refresh', `0; url=${theirs}`).send(signingOutPage());

    async function endSessionUrl(idToken: string | null): Promise<string | null> {
      try {
        const found = await issuer();
        if (!found.serverMetadata().end_session_endpoint) return null;
        return buildEndSessionUrl(found, {
          post_logout_redirect_uri: config.signedOutUri,
          ...(idToken ? { id_token_hint: idToken } : {}),
        }).href;
      } catch (error) {
        log.warn({ reason: (error as Error).message }, 'could not end the session of the sign-in service');
        return null;
      }
    }
  };
