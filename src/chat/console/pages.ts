import { plainLine } from '../../domain/text/plain-text';
import { counted, numberText, t } from '../../domain/text/translate';
import { type Html, html } from './html';
import { table } from './table';

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
    t`Audit log`,
    [t`When`, t`Who`, t`Source`, t`Action`, t`Result`, t`Alert`, t`Why`],
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
