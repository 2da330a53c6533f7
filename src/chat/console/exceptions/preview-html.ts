import { backtestDays, backtestLimit } from '../../../domain/exceptions/backtest';
import { counted, numberText, t } from '../../../domain/text/translate';
import { severityName } from '../../sentence';
import { titleOf } from '../alert/alert-page';
import { type Html, html, tHtml } from '../html';
import { ageHtml } from '../inline-html';
import type { Preview } from './preview';

/** What the typed conditions would match, with the newest alerts. */
export function previewHtml(preview: Preview, now: number): Html {
  if ('faults' in preview) {
    const [fault = ''] = Object.values(preview.faults);
    return html`<p class="muted">${t`No preview yet: ${fault.charAt(0).toLowerCase()}${fault.slice(1)}.`}</p>`;
  }
  const { conditions, tested, newest, refused, needsApproval, withoutScript } = preview;
  const count = tested.silenced.length;
  const more = count - newest.length;
  const of = tested.of === backtestLimit ? t`the newest ${tested.of}` : numberText(tested.of);
  return html`<p>${tHtml`Matches ${html`<strong>${conditions}</strong>`}.`}</p>
<p class="figure">${tHtml`${html`<strong class="num">${numberText(count)}</strong>`} of ${of} alerts in the last ${backtestDays} days would have been suppressed.`}</p>
${newest.length > 0 && html`<ul class="plain">${newest.map((alert) => html`<li><span class="pill ${alert.severity}">${severityName(alert)}</span> <a href="/console/alerts/${alert.id}">${titleOf(alert)}</a> <span class="muted num">${ageHtml(alert.raisedAt, now)}</span></li>`)}</ul>`}
${more > 0 && html`<p class="muted">${t`and ${more} more`}</p>`}
${tested.tooCritical.length > 0 && html`<p class="note">${counted(tested.tooCritical.length, '# critical alert matches too and would still be posted.', '# critical alerts match too and would still be posted.')}</p>`}
${withoutScript.length > 0 && html`<p class="note">${t`Azure doesn’t log the script of ${withoutScript.join(', ')}, so this can’t match.`}</p>`}
${refused ? html`<p class="note bad">${t`This would be refused: ${refused.charAt(0).toLowerCase()}${refused.slice(1)}.`}</p>` : needsApproval && html`<p class="note">${t`A second responder must approve it: ${needsApproval}.`}</p>`}`;
}
