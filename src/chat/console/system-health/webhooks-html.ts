import type { HealthReport, WebhookReport } from '../../../domain/system-health/health-report';
import { durationWords } from '../../../domain/text/duration';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, t } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { timeHtml } from '../inline-html';
import { stackedTable } from '../stacked-table';

/** What the page needs to offer a replay. */
export interface ReplayContext {
  csrf: string;
  mayReplay: boolean;
}

export const webhooksHtml = (report: HealthReport, context: ReplayContext): Html | false =>
  report.webhooks.length > 0 &&
  html`<h2>${t`Webhooks`}</h2>${stackedTable(
    t`Webhooks`,
    [t`Webhook`, t`State`, t`Waiting`, t`Given up`, t`Last accepted`],
    report.webhooks.map((one) => {
      const [style, label] = stateOf(one);
      return [
        html`${one.name}<span class="sub">${one.host}</span>`,
        html`<span class="pill ${style}">${label}</span>${one.error && html`<span class="sub">${plainLine(one.error, 300)}</span>`}`,
        html`${waitText(one, Date.parse(report.at))}`,
        html`${one.failed === 0 ? t`none` : counted(one.failed, '# message', '# messages')}${replayHtml(one, context)}`,
        html`${one.acceptedAt ? timeHtml(one.acceptedAt) : t`nothing yet`}`,
      ];
    }),
  )}`;

function stateOf({ goneAt, error, acceptedAt }: WebhookReport): readonly [style: string, label: string] {
  if (goneAt !== null) return ['critical', t`Disabled: gone`];
  if (error !== null) return ['critical', t`Rejects messages`];
  return acceptedAt === null ? ['none', t`Not tried yet`] : ['ok', t`Accepts messages`];
}

function waitText({ waiting, waitsSince }: WebhookReport, now: number): string {
  if (waiting === 0 || waitsSince === null) return t`none`;
  return t`${waiting}, the oldest for ${durationWords(Math.max(0, now - Date.parse(waitsSince)))}`;
}

/** Sends what was given up, and what waits for its next attempt, again. */
const replayHtml = (
  { name, failed, waiting, error, goneAt }: WebhookReport,
  { csrf, mayReplay }: ReplayContext,
): Html | false =>
  mayReplay &&
  (failed > 0 || goneAt !== null || (waiting > 0 && error !== null)) &&
  html`<form method="post" action="/console/health/webhooks/${name}/replay"><input type="hidden" name="csrf" value="${csrf}"><button class="btn" aria-label="${t`Replay messages of ${name}`}">${t`Replay`}</button></form>`;
