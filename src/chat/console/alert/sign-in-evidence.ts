import type { Alert } from '../../../domain/alerts/alert';
import { t } from '../../../domain/text/translate';
import { signInLines } from '../../sign-in-lines';
import { type Html, html } from '../html';
import { lineHtml } from '../inline-html';

/** The caller's sign-ins and changes of the account; false if none were read. */
export function signInsHtml(alert: Alert): Html | false {
  const lines = signInLines(alert);
  return (
    lines.length > 0 &&
    html`<h2>${t`Sign-ins and account changes`}</h2><ul class="plain">${lines.map((line) => html`<li>${lineHtml(line)}</li>`)}</ul>`
  );
}
