import type { Presser } from '../../../domain/people/person';
import { plainLine } from '../../../domain/text/plain-text';
import { type Html, html } from '../html';

/** A page outside the console, for people who may not see it yet. */
export const plainPage = (title: string, body: Html): string =>
  `<!doctype html>${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Runwatch</title>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>`.text
  }`;

const link = (next: string, text: string): Html =>
  html`<p><a href="/console/sign-in?next=${encodeURIComponent(next)}">${text}</a></p>`;

/** The form that ends the viewer's session. @param csrf token of the viewer's forms */
export const signOutForm = (csrf: string): Html =>
  html`<form method="post" action="/console/sign-out"><input type="hidden" name="csrf" value="${csrf}"><button type="submit">Sign out</button></form>`;

/** Sign-in by the issuer, and by the console token where that is configured too. */
export const choicePage = (host: string, next: string, tokenForm: Html): string =>
  plainPage('Sign in', html`${link(next, `Sign in with ${host}`)}${tokenForm}`);

export const unavailablePage = (host: string, next: string): string =>
  plainPage(
    'Sign-in is not available',
    html`<p role="alert">${host} does not answer, so nobody can sign in now. Alerts in chat still work.</p>${link(next, 'Try again')}`,
  );

/** A sign-in that failed. The reason is in the log. */
export const failedPage = (why: string, next: string): string =>
  plainPage('Sign-in failed', html`<p role="alert">${why}</p>${link(next, 'Sign in again')}`);

/** For a person whom the issuer knows, but who may not read here. */
export function deniedPage(presser: Presser, why: string, csrf: string): string {
  const address = presser.email ? ` (${plainLine(presser.email, 100)})` : '';
  return plainPage(
    'You have no access',
    html`<p>You are signed in as <strong>${plainLine(presser.name, 80)}</strong>${address}, ID <code>${presser.id}</code>.</p>
<p role="alert">${why}</p>
${signOutForm(csrf)}`,
  );
}

export const signedOutPage = plainPage(
  'Signed out',
  html`<p>You are signed out of Runwatch.</p>${link('/console', 'Sign in')}`,
);

/** While the browser goes on to the issuer, which ends its own session. */
export const signingOutPage = plainPage(
  'Signed out',
  html`<p>You are signed out of Runwatch. Signing out of your organization’s sign-in …</p>`,
);
