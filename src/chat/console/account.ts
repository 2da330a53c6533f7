import type { Request } from 'express';
import { isSignedIn } from '../../domain/people/person';
import { t } from '../../domain/text/translate';
import type { Keyring } from '../../runtime/keyring';
import { viewerOf } from './auth';
import { type Html, html, tHtml } from './html';
import { formToken } from './sessions';
import { signOutForm } from './sign-in/sign-in-pages';

/**
 * Who is signed in, with a button to sign out; null for the local user and the console token.
 * @param role of the demo's person, who switches to another instead
 */
export function accountOf(request: Request, keyring: Keyring, role: string | undefined): Html | null {
  const { presser, session } = viewerOf(request);
  if (!isSignedIn(presser)) return null;
  const who = tHtml`Signed in as ${html`<strong>${presser.name}</strong>`}`;
  if (role)
    return html`<div class="account"><span>${who} ·</span> <span class="role">${role}</span> <a class="btn" href="/console/sign-in?next=${encodeURIComponent(request.originalUrl)}">${t`Switch`}</a></div>`;
  return html`<div class="account"><span>${who}</span> ${signOutForm(formToken(keyring, session))}</div>`;
}
