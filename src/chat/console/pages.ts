import { randomUUID } from 'node:crypto';
import type { Exception } from '../../domain/exceptions/exception';
import { originText } from '../../domain/exceptions/exception-origin';
import { matchWords } from '../../domain/exceptions/match-words';
import { plainLine } from '../../domain/text/plain-text';
import { numberText, t } from '../../domain/text/translate';
import { type Html, html, tHtml } from './html';
import { table } from './table';

const importCommand = 'runwatch exceptions import';

export function exceptionsTable(
  rows: { exception: Exception; uses: number }[],
  now: number,
  csrf: string,
): Html {
  if (rows.length === 0)
    return html`<p class="empty">${tHtml`No exceptions. Add one from an alert, or with ${html`<code>${importCommand}</code>`}.`}</p>`;
  const press = (id: string, action: string, label: string) =>
    html`<form method="post" action="/console/exceptions/${encodeURIComponent(id)}/${action}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="${randomUUID()}"><button type="submit" class="btn" data-action="${action}">${label}</button></form>`;
  return table(
    t`Exceptions`,
    [t`ID`, t`Matches`, t`Reason`, t`Owner`, t`Expires`, t`Suppressed`, t`Review`],
    rows.map(({ exception, uses }) => {
      const over = Date.parse(exception.expires) <= now;
      return html`<tr><td>${exception.id}</td><td>${matchWords(exception.match)}${exception.silenceCritical ? t`, including critical alerts` : ''}</td><td>${plainLine(exception.reason, 200)}${exception.ticket && html` <a href="${exception.ticket}" rel="noreferrer">${t`ticket`}</a>`}${exception.from && html`<br>${tHtml`Added from ${html`<a href="/console/alerts/${encodeURIComponent(exception.from.alertId)}">${originText(exception.from)}</a>`}`}`}</td><td>${plainLine(exception.owner, 100)}</td><td>${exception.expires.slice(0, 16).replace('T', ' ')}${over ? t` (expired)` : ''}</td><td>${uses === 0 ? t`never used` : numberText(uses)}</td><td>${!over && press(exception.id, 'extend_exception', t`Extend 30 days`)}${press(exception.id, 'remove_exception', t`Remove`)}</td></tr>`;
    }),
  );
}

/** Events that the demo can trigger. */
export interface Panel {
  choices: readonly { name: string; says: string }[];
  play: (name: string) => void;
}

/** The demo's panel. Each button triggers an event in the simulated tenant. */
export const panelHtml = (choices: Panel['choices'], csrf: string): Html =>
  html`<details class="demo"><summary>${t`Trigger a demo event`}</summary><div class="choices">${choices.map(
    ({ name, says }) =>
      html`<form method="post" action="/console/play/${name}"><input type="hidden" name="csrf" value="${csrf}"><button type="submit" class="btn" data-play="${name}" title="${says}">${says}</button></form>`,
  )}</div></details>`;
