import type { Field } from '../../../actions/form';
import { t } from '../../../domain/text/translate';
import { fieldHtml } from '../forms';
import { type Html, html } from '../html';
import type { Preview } from './preview';
import { previewHtml } from './preview-html';

const conditions = ['caller', 'target', 'technique', 'ip'];
const moreConditions = ['resourceGroup', 'subscription', 'tag', 'hours', 'script', 'pattern'];
const about = ['reason', 'owner', 'expires'];
const moreAbout = ['ticket', 'review', 'silenceCritical'];

export interface NewFormContext {
  csrf: string;
  now: number;
  /** Of the values in the fields; null before any are typed. */
  preview: Preview | null;
  /** Faults of what was submitted, by field. */
  faults?: Partial<Record<string, string>>;
  /** What became of an earlier try. */
  result?: { text: string; kind: 'bad' | 'waits' } | undefined;
}

/** Conditions, what they match, and then why, whose and until when. */
export function newExceptionHtml(fields: readonly Field[], context: NewFormContext): Html {
  const { csrf, now, preview, faults = {}, result } = context;
  const some = (ids: readonly string[]) =>
    ids
      .flatMap((id) => fields.find((field) => field.id === id) ?? [])
      .map((one) => fieldHtml(one, faults[one.id]));
  const isFilled = moreConditions.some(
    (id) => faults[id] || fields.some((field) => field.id === id && field.value !== ''),
  );
  return html`<form method="post" action="/console/exceptions/new" id="new-exception" class="new" novalidate data-press data-action-name="${t`Add exception`}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="">
<section class="panel" aria-labelledby="new-match"><h2 id="new-match">${t`Conditions`}</h2><p class="muted">${t`All conditions must match. Leave empty what may be anything.`}</p><div class="pairs any">${some(conditions)}</div>
<details${isFilled && html` open=""`}><summary>${t`More conditions`}</summary><div class="pairs any">${some(moreConditions)}</div></details></section>
<section class="panel found" aria-labelledby="new-preview"><h2 id="new-preview">${t`What it matches`}</h2><div id="preview" role="status" data-preview="/console/exceptions/preview">${preview ? previewHtml(preview, now) : html`<p class="muted">${t`Enter a condition to see which alerts of the last 30 days match.`}</p>`}</div><noscript><button class="btn" formaction="/console/exceptions/new/preview">${t`Preview`}</button></noscript></section>
<section class="panel" aria-labelledby="new-about"><h2 id="new-about">${t`Reason, owner and expiry`}</h2><div class="pairs">${some(about)}${some(moreAbout)}</div>
<div class="row" data-beside><button class="btn primary" data-action="create_exception">${t`Add exception`}</button> <a class="btn" href="/console/exceptions">${t`Cancel`}</a>${result && html`<p class="result ${result.kind}" role="status">${result.text}</p>`}</div></section></form>`;
}
