import type { Presser } from '../../../domain/people/person';
import { plainLine } from '../../../domain/text/plain-text';
import { t, textLanguage } from '../../../domain/text/translate';
import { type Html, html, tHtml } from '../html';

/** A page outside the console, for people who may not see it yet. */
export const plainPage = (title: string, body: Html): string =>
  `<!doctype html>${
    html`<html lang="${textLanguage()}">
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
  html`<form method="post" action="/console/sign-out"><input type="hidden" name="csrf" value="${csrf}"><button type="submit">${t`Sign out`}</button></form>`;

/** Sign-in by the issuer, and by the console token where that is configured too. */
export const choicePage = (host: string, next: string, tokenForm: Html): string =>
  plainPage(t`Sign in`, html`${link(next, t`Sign in with ${host}`)}${tokenForm}`);

export const unavailablePage = (host: string, next: string): string =>
  plainPage(
    t`Sign-in is not available`,
    html`<p role="alert">${t`${host} does not answer, so nobody can sign in now. Alerts in chat still work.`}</p>${link(next, t`Try again`)}`,
  );

/** A sign-in that failed. The reason is in the log. */
export const failedPage = (why: string, next: string): string =>
  plainPage(t`Sign-in failed`, html`<p role="alert">${why}</p>${link(next, t`Sign in again`)}`);

/** For a person whom the issuer knows, but who may not read here. */
export function deniedPage(presser: Presser, why: string, csrf: string): string {
  const address = presser.email ? ` (${plainLine(presser.email, 100)})` : '';
  return plainPage(
    t`You have no access`,
    html`<p>${tHtml`You are signed in as ${html`<strong>${plainLine(presser.name, 80)}</strong>`}${address}, ID ${html`<code>${presser.id}</code>`}.`}</p>
<p role="alert">${why}</p>
${signOutForm(csrf)}`,
  );
}

export const signedOutPage = (): string =>
  plainPage(t`Signed out`, html`<p>${t`You are signed out of Runwatch.`}</p>${link('/console', t`Sign in`)}`);

/** While the browser goes on to the issuer, which ends its own session. */
export const signingOutPage = (): string =>
  plainPage(
    t`Signed out`,
    html`<p>${t`You are signed out of Runwatch. Signing out of your organization’s sign-in …`}</p>`,
  );
