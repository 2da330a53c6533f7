import { randomUUID } from 'node:crypto';
import type { Field } from '../../actions/form';
import type { Alert } from '../../domain/alerts/alert';
import type { Exception } from '../../domain/exceptions/exception';
import { originText } from '../../domain/exceptions/exception-origin';
import { matchWords } from '../../domain/exceptions/match-words';
import { plainLine } from '../../domain/text/plain-text';
import type { Action } from '../actions';
import type { Inline } from '../inline';
import type { MessageModel } from '../message';
import type { ThreadPart } from '../thread';
import { type Html, html } from './html';
import { table } from './table';

export interface PageContext {
  /** Token that proves that a form came from our own page. */
  csrf: string;
  /** Answer to the press that opened the page, if any. */
  outcome?: string | null;
  /** Who is signed in, if somebody is. */
  account?: Html | null;
}

export function page(title: string, body: Html, { outcome, account }: Partial<PageContext> = {}): string {
  return `<!doctype html>${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Runwatch</title>
<link rel="icon" href="/console/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console/console.css">
<script src="/console/console.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header><strong>Runwatch</strong><nav aria-label="Pages"><a href="/console">Alerts</a> <a href="/console/exceptions">Exceptions</a> <a href="/console/activity">Activity</a> <a href="/console/audit">Audit log</a> <a href="/console/health">Health</a></nav>${account}</header>
<main id="main">
<h1>${title}</h1>
<p id="outcome" role="status" aria-live="polite">${outcome ?? ''}</p>
${body}
</main>
</body>
</html>`.text
  }`;
}

/** @param live adds new alerts automatically; a filtered list only updates the alerts it shows */
export const alertList = (
  models: { model: MessageModel; alert: Alert; version: number }[],
  context: PageContext,
  live = true,
): Html =>
  html`<div${live ? html` id="alerts"` : ''} class="alerts">${
    models.length === 0
      ? live
        ? html`<p class="empty">No alerts yet. Alerts about commands run on machines appear here automatically.</p>`
        : html`<p class="empty">No alerts match. <a href="/console">Clear filters</a></p>`
      : models.map(({ model, alert, version }) => card(model, alert, context, version))
  }</div>`;

/** An alert, as shown in the chats. @param version keeps an open page from showing an older version */
export function card(model: MessageModel, alert: Alert, { csrf }: PageContext, version = alert.rev): Html {
  const { title, headline, facts, status: lines, actions } = model.page();
  const suppressed = alert.verdict === 'suppressed';
  return html`<article class="card ${model.severity}${model.closed ? ' closed' : ''}" id="${model.alertId}" data-rev="${version}" aria-labelledby="${model.alertId}-title">
<h2 id="${model.alertId}-title"><span class="severity">${model.severity.toUpperCase()} ${model.score}</span> ${title} <a class="id" href="/console/alerts/${model.alertId}">${model.alertId}</a></h2>
<p>${line(headline)}</p>
${suppressed && html`<p class="status">Suppressed by exception ${alert.exception ?? ''}: recorded, not posted</p>`}
${facts.length > 0 && html`<dl>${facts.map((fact) => html`<dt>${fact.label}</dt><dd>${line(fact.value)}</dd>`)}</dl>`}
${lines.map((status) => html`<p class="status">${line(status)}</p>`)}
<div class="actions">${actions.filter((action) => !action.minor).map((action) => button(action, model.alertId, csrf))}${more(
    actions.filter((action) => action.minor),
    model.alertId,
    csrf,
  )}</div>
</article>`;
}

const line = (parts: readonly Inline[]): Html[] =>
  parts.map((part) => {
    if (typeof part === 'string') return html`${part}`;
    if ('bold' in part) return html`<strong>${part.bold}</strong>`;
    if ('alarm' in part) return html`<strong class="alarm">${part.alarm}</strong>`;
    if ('code' in part) return html`<code>${part.code}</code>`;
    if ('bar' in part) return drawnBar(part.bar);
    if ('link' in part) return html`<a href="${part.link}">${part.text}</a>`;
    return html`<time datetime="${part.time}">${part.time.slice(0, 19).replace('T', ' ')} UTC</time>`;
  });

/** Draws daily counts as a bar chart. */
function drawnBar(counts: readonly number[]): Html {
  const top = Math.max(...counts, 1);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const bars = counts.map((count, i) => {
    const height = count === 0 ? 1 : Math.max(3, Math.round((count / top) * 24));
    return html`<rect x="${i * 8}" y="${26 - height}" width="6" height="${height}"/>`;
  });
  return html`<svg class="bar" role="img" viewBox="0 0 ${counts.length * 8} 26" width="${counts.length * 8}" height="26" aria-label="${total} executions in ${counts.length} days, at most ${top} a day">${bars}</svg>`;
}

/** Details below an alert: script, machines, other activity. */
export const threadHtml = (parts: readonly ThreadPart[]): Html =>
  html`${parts.map(
    (part) =>
      html`<section class="card thread"><h2>${part.heading}</h2>${part.code !== undefined && html`<pre tabindex="0">${part.code}</pre>`}${part.lines.length > 0 && html`<ul>${part.lines.map((each) => html`<li>${line(each)}</li>`)}</ul>`}</section>`,
  )}`;

/** Puts rarely used actions in a menu, as in the chats. */
const more = (actions: readonly Action[], alertId: string, csrf: string): Html | false =>
  actions.length > 0 &&
  html`<details class="more"><summary data-opens="more">More…</summary><div class="actions">${actions.map((action) => button(action, alertId, csrf))}</div></details>`;

/** Uses details elements for confirmations, so that they work without JavaScript. */
function button(action: Action, alertId: string, csrf: string): Html {
  if (action.id === 'add_exception') {
    return html`<a class="button" data-action="add_exception" href="/console/alerts/${alertId}/exception">${action.label}</a>`;
  }
  if (action.choices) {
    return html`<details class="confirm"><summary data-opens="${action.id}">${action.label}</summary><div><form method="post" action="/console/alerts/${alertId}/${action.id}">
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="${randomUUID()}">
<label>Quick exception <select name="choice">${action.choices.map((choice) => html`<option value="${choice.value}">${choice.label}</option>`)}</select></label>
<button type="submit" class="primary" data-action="${action.id}">Save exception</button></form></div></details>`;
  }
  const form = (
    label: string,
    fields: readonly Field[] = [],
  ) => html`<form method="post" action="/console/alerts/${alertId}/${action.id}">
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="${randomUUID()}">
${action.approvalId && html`<input type="hidden" name="approvalId" value="${action.approvalId}">`}${fields.map((field) => input(field, `${alertId}-${action.id}-${field.id}`))}
<button type="submit" class="${action.style ?? ''}" data-action="${action.id}">${label}</button></form>`;
  if (!action.confirm) return form(action.label);
  const { title, text, yes } = action.confirm;
  return html`<details class="confirm"><summary data-opens="${action.id}">${action.label}</summary><div><strong>${title}</strong><p>${text}</p>${form(yes, action.form?.())}</div></details>`;
}

/** A form field with its label, hint and error, if any. */
function input(field: Field, id: string, fault?: string): Html {
  const hint = field.hint || fault;
  const described = hint ? html` aria-describedby="${id}-hint"` : '';
  if (field.kind === 'checks')
    return html`<fieldset class="field"${described}><legend>${field.label}${field.optional ? ' (optional)' : ''}</legend>
${control(field, id, '')}${hint && html`<span class="hint" id="${id}-hint">${fault ? html`<strong class="fault">${fault}. </strong>` : ''}${field.hint ?? ''}</span>`}</fieldset>`;
  return html`<p class="field"><label for="${id}">${field.label}${field.optional ? ' (optional)' : ''}</label>
${control(field, id, described)}${hint && html`<span class="hint" id="${id}-hint">${fault ? html`<strong class="fault">${fault}. </strong>` : ''}${field.hint ?? ''}</span>`}</p>`;
}

function control({ id: name, kind, value, choices = [] }: Field, id: string, described: Html | ''): Html {
  if (kind === 'long')
    return html`<textarea id="${id}" name="${name}" rows="3" maxlength="2000"${described}>${value}</textarea>`;
  if (kind === 'checks')
    return html`${choices.map(
      (choice) =>
        html`<label class="check"><input type="checkbox" name="${name}" value="${choice.value}"${value.split(',').includes(choice.value) ? html` checked` : ''}> ${choice.label}</label>`,
    )}`;
  if (kind === 'choice') {
    const chosen = value.split(',');
    const options = choices.map(
      (choice) =>
        html`<option value="${choice.value}"${chosen.includes(choice.value) ? html` selected` : ''}>${choice.label}</option>`,
    );
    return html`<select id="${id}" name="${name}"${described}>${options}</select>`;
  }
  const hint = kind === 'person' ? html` placeholder="E-mail address or name"` : '';
  return html`<input id="${id}" name="${name}" type="${kind === 'date' ? 'date' : 'text'}" value="${value}" maxlength="500"${hint}${described}>`;
}

export function exceptionPage(
  backtestResult: string,
  alertId: string,
  fields: readonly Field[],
  faults: Partial<Record<string, string>>,
  { csrf }: PageContext,
): Html {
  return html`<form method="post" action="/console/alerts/${alertId}/add_exception" class="exception">
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="${randomUUID()}">
${fields.map((field) => input(field, field.id, faults[field.id]))}
<p><strong>${backtestResult}</strong></p>
<p>All conditions must match. Matching executions are recorded, not posted. Critical alerts are suppressed only if that option is selected.</p>
<button type="submit" class="primary" data-action="save_exception">Save exception</button> <a class="button" href="/console">Cancel</a>
</form>`;
}

export function exceptionsTable(
  rows: { exception: Exception; uses: number }[],
  now: number,
  { csrf }: PageContext,
): Html {
  if (rows.length === 0)
    return html`<p class="empty">No exceptions. Add one from an alert, or with <code>runwatch exceptions import</code>.</p>`;
  const press = (id: string, action: string, label: string) =>
    html`<form method="post" action="/console/exceptions/${encodeURIComponent(id)}/${action}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="${randomUUID()}"><button type="submit" data-action="${action}">${label}</button></form>`;
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

/** The demo's panel. Each button triggers an event in the simulated tenant. */
export const panelHtml = (choices: readonly { name: string; says: string }[], csrf: string): Html =>
  html`<details class="panel"><summary>Trigger a demo event</summary><div class="choices">${choices.map(
    ({ name, says }) =>
      html`<form method="post" action="/console/play/${name}"><input type="hidden" name="csrf" value="${csrf}"><button type="submit" data-play="${name}" title="${says}">${says}</button></form>`,
  )}</div></details>`;
