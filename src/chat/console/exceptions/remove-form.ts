import { lastDay } from '../../../domain/exceptions/exception';
import { counted, dayText, t } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { type ExceptionQuery, exceptionsHref, searchOf } from './query';
import type { ExceptionRow } from './read-exceptions';

/** Asks whether to remove an exception, and says what that does. */
export function removeForm(row: ExceptionRow, query: ExceptionQuery, csrf: string): Html {
  const { id, conditions, state, expires } = row;
  const effect =
    state === 'expired'
      ? t`It has expired, so removing it changes no alerts.`
      : t`From now on, Runwatch posts alerts that match it. Alerts that it suppressed before stay suppressed.`;
  const history = [
    usesText(row.uses),
    state === 'expired' ? '' : t`It would expire on ${dayText(lastDay(expires))}.`,
  ];
  return html`<form method="post" action="/console/exceptions/${encodeURIComponent(id)}/remove_exception${searchOf(query)}" class="sheet" data-action-name="${t`Remove ${id}`}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="">
<h2 id="sheet-title" tabindex="-1">${t`Remove the exception ${id}?`}</h2><p><strong>${conditions}</strong></p><p>${effect}</p>
<p class="muted">${history.filter(Boolean).join(' ')}</p>
<div class="foot"><p class="fault" data-fault role="alert"></p><div class="row"><button class="btn danger solid" data-action="remove_exception">${t`Remove exception`}</button> <a class="btn" data-cancel href="${exceptionsHref(query)}">${t`Cancel`}</a></div></div></form>`;
}

function usesText({ total, weeks }: ExceptionRow['uses']): string {
  if (total === 0) return t`It was never used.`;
  const all = counted(total, 'It suppressed # alert', 'It suppressed # alerts');
  return t`${all}, ${weeks.at(-1) ?? 0} of them this week.`;
}
