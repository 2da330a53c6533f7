import type { Request } from 'express';
import { isSignedIn } from '../../domain/people/person';
import type { Keyring } from '../../runtime/keyring';
import { viewerOf } from './auth';
import { type Html, html, tHtml } from './html';
import { formToken } from './sessions';
import { signOutForm } from './sign-in/sign-in-pages';

/** Who is signed in, with a button to sign out; null for the local user and the console token. */
export function accountOf(request: Request, keyring: Keyring): Html | null {
  const { presser, session } = viewerOf(request);
  if (!isSignedIn(presser)) return null;
  return html`<div class="account"><span>${tHtml`Signed in as ${html`<strong>${presser.name}</strong>`}`}</span> ${signOutForm(formToken(keyring, session))}</div>`;
}
