import { randomUUID } from 'node:crypto';
import type { Exception } from '../../domain/exceptions/exception';
import { originText } from '../../domain/exceptions/exception-origin';
import { matchWords } from '../../domain/exceptions/match-words';
import { plainLine } from '../../domain/text/plain-text';
import { counted, numberText, t } from '../../domain/text/translate';
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

export interface HealthRow {
  id: string;
  name: string;
  lastPollAt: string | null;
  error: string | null;
  /** Days of history available. */
  historyDays: number;
}

export const healthPage = ({
  troubles,
  subscriptions,
  queues,
}: {
  troubles: readonly string[];
  subscriptions: readonly HealthRow[];
  queues: Record<string, Record<string, number>>;
}): Html =>
  html`${verdict(troubles, subscriptions)}<h2>${t`Subscriptions`}</h2>${table(
    t`Subscriptions`,
    [t`Subscription`, t`Last poll`, t`History`, t`State`],
    subscriptions.map(
      (s) =>
        html`<tr><td>${plainLine(s.name || s.id, 100)}</td><td>${s.lastPollAt?.slice(0, 19).replace('T', ' ') ?? t`never`}</td><td><progress max="89" value="${String(s.historyDays)}" aria-label="${t`History of ${plainLine(s.name || s.id, 100)}`}"></progress> ${t`${s.historyDays} of 90 days`}</td><td>${s.error ? html`<strong class="fault">${plainLine(s.error, 300)}</strong>` : s.lastPollAt ? t`Healthy` : t`Starting`}</td></tr>`,
    ),
  )}<h2>${t`Queues`}</h2>${table(
    t`Queues`,
    [t`Queue`, t`Waiting`, t`Active`, t`Delayed`, t`Failed`],
    Object.entries(queues).map(
      ([name, counts]) =>
        html`<tr><td>${name}</td>${(['waiting', 'active', 'delayed', 'failed'] as const).map((state) => html`<td>${numberText(counts[state] ?? 0)}</td>`)}</tr>`,
    ),
  )}`;

/** Shows first whether Runwatch detects and reports all commands. */
function verdict(troubles: readonly string[], subscriptions: readonly HealthRow[]): Html {
  if (troubles.length > 0)
    return html`<p class="verdict"><strong class="fault">${counted(troubles.length, '# thing needs attention.', '# things need attention.')}</strong></p><ul>${troubles.map((says) => html`<li>${says}</li>`)}</ul>`;
  const read = subscriptions.filter(({ lastPollAt }) => lastPollAt !== null).length;
  if (read < subscriptions.length)
    return html`<p class="verdict"><strong>${t`Starting.`}</strong> ${t`Polled ${read} of ${subscriptions.length} subscriptions so far.`}</p>`;
  return html`<p class="verdict"><strong>${t`Healthy.`}</strong> ${t`All subscriptions are being read, and no channel rejects messages.`}</p>`;
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
