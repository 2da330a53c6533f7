import { randomUUID } from 'node:crypto';
import type { Exception } from '../../domain/exceptions/exception';
import { originText } from '../../domain/exceptions/exception-origin';
import { matchWords } from '../../domain/exceptions/match-words';
import { plainLine } from '../../domain/text/plain-text';
import { type Html, html } from './html';
import { table } from './table';

export function exceptionsTable(
  rows: { exception: Exception; uses: number }[],
  now: number,
  csrf: string,
): Html {
  if (rows.length === 0)
    return html`<p class="empty">No exceptions. Add one from an alert, or with <code>runwatch exceptions import</code>.</p>`;
  const press = (id: string, action: string, label: string) =>
    html`<form method="post" action="/console/exceptions/${encodeURIComponent(id)}/${action}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="${randomUUID()}"><button type="submit" class="btn" data-action="${action}">${label}</button></form>`;
  return table(
    'Exceptions',
    ['ID', 'Matches', 'Reason', 'Owner', 'Expires', 'Suppressed', 'Review'],
    rows.map(({ exception, uses }) => {
      const over = Date.parse(exception.expires) <= now;
      return html`<tr><td>${exception.id}</td><td>${matchWords(exception.match)}${exception.silenceCritical ? ', including critical alerts' : ''}</td><td>${plainLine(exception.reason, 200)}${exception.ticket && html` <a href="${exception.ticket}" rel="noreferrer">ticket</a>`}${exception.from && html`<br>Added from <a href="/console/alerts/${encodeURIComponent(exception.from.alertId)}">${originText(exception.from)}</a>`}</td><td>${plainLine(exception.owner, 100)}</td><td>${exception.expires.slice(0, 16).replace('T', ' ')}${over ? ' (expired)' : ''}</td><td>${uses === 0 ? 'never used' : uses}</td><td>${!over && press(exception.id, 'extend_exception', 'Extend 30 days')}${press(exception.id, 'remove_exception', 'Remove')}</td></tr>`;
    }),
  );
}

export interface AuditRow {
  at: string;
  by: { name: string; surface: string };
  action: string;
  alertId: string | null;
  object: string | null;
  result: string;
  why: string | null;
}

export const auditTable = (rows: readonly AuditRow[]): Html =>
  table(
    'Audit log',
    ['When', 'Who', 'Source', 'Action', 'Result', 'Alert', 'Why'],
    rows.map(
      (row) =>
        html`<tr><td>${row.at.slice(0, 19).replace('T', ' ')}</td><td>${plainLine(row.by.name, 80)}</td><td>${row.by.surface}</td><td>${row.action}</td><td>${row.result}</td><td>${row.alertId ?? ''}</td><td>${plainLine(row.why ?? '', 200)}</td></tr>`,
    ),
  );

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
  html`${verdict(troubles, subscriptions)}<h2>Subscriptions</h2>${table(
    'Subscriptions',
    ['Subscription', 'Last poll', 'History', 'State'],
    subscriptions.map(
      (s) =>
        html`<tr><td>${plainLine(s.name || s.id, 100)}</td><td>${s.lastPollAt?.slice(0, 19).replace('T', ' ') ?? 'never'}</td><td><progress max="89" value="${String(s.historyDays)}" aria-label="History of ${plainLine(s.name || s.id, 100)}"></progress> ${String(s.historyDays)} of 90 days</td><td>${s.error ? html`<strong class="fault">${plainLine(s.error, 300)}</strong>` : s.lastPollAt ? 'Healthy' : 'Starting'}</td></tr>`,
    ),
  )}<h2>Queues</h2>${table(
    'Queues',
    ['Queue', 'Waiting', 'Active', 'Delayed', 'Failed'],
    Object.entries(queues).map(
      ([name, counts]) =>
        html`<tr><td>${name}</td><td>${counts.waiting ?? 0}</td><td>${counts.active ?? 0}</td><td>${counts.delayed ?? 0}</td><td>${counts.failed ?? 0}</td></tr>`,
    ),
  )}`;

/** Shows first whether Runwatch detects and reports all commands. */
function verdict(troubles: readonly string[], subscriptions: readonly HealthRow[]): Html {
  if (troubles.length > 0)
    return html`<p class="verdict"><strong class="fault">${troubles.length === 1 ? '1 thing needs attention' : `${troubles.length} things need attention`}.</strong></p><ul>${troubles.map((says) => html`<li>${says}</li>`)}</ul>`;
  const read = subscriptions.filter(({ lastPollAt }) => lastPollAt !== null).length;
  if (read < subscriptions.length)
    return html`<p class="verdict"><strong>Starting.</strong> Polled ${String(read)} of ${String(subscriptions.length)} subscriptions so far.</p>`;
  return html`<p class="verdict"><strong>Healthy.</strong> All subscriptions are being read, and no channel rejects messages.</p>`;
}

/** Events that the demo can trigger. */
export interface Panel {
  choices: readonly { name: string; says: string }[];
  play: (name: string) => void;
}

/** The demo's panel. Each button triggers an event in the simulated tenant. */
export const panelHtml = (choices: Panel['choices'], csrf: string): Html =>
  html`<details class="demo"><summary>Trigger a demo event</summary><div class="choices">${choices.map(
    ({ name, says }) =>
      html`<form method="post" action="/console/play/${name}"><input type="hidden" name="csrf" value="${csrf}"><button type="submit" class="btn" data-play="${name}" title="${says}">${says}</button></form>`,
  )}</div></details>`;
