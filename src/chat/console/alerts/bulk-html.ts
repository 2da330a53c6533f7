import { measuresInForce } from '../../../actions/triage/close';
import { rowOf } from '../../../domain/alerts/alert-row';
import type { AlertView } from '../../../domain/measures/alert-view';
import { counted, t } from '../../../domain/text/translate';
import type { Action } from '../../actions';
import { fieldHtml } from '../forms';
import { type Html, html } from '../html';
import { type BulkAction, presetsOf } from './bulk';
import { titleOf } from './table-row';

/** The bar below the table. Its buttons are part of the table's form, so it works without JavaScript too. */
export const bulkBar = (responders: boolean): Html =>
  html`<div class="bulk" id="bulk" role="group" aria-label="${t`Selected alerts`}"><strong id="selected" class="num">${t`Selected alerts`}</strong>
<button class="btn primary" name="action" value="acknowledge">${t`Acknowledge`}</button>
<button class="btn" name="action" value="assign">${t`Assign to me`}</button>
${opens('assign_to', t`Assign to…`)}
${opens('close', t`Close…`)}
${responders && opens('quick_exception', t`Add exception…`)}
<button type="button" class="btn quiet" id="unselect" hidden>${t`Clear selection`}</button><span class="muted hints">${t`j/k move · x select · a acknowledge · ? shortcuts`}</span></div>`;

const opens = (action: BulkAction, label: string) =>
  html`<button class="btn" name="action" value="${action}" formaction="/console/bulk/form" aria-haspopup="dialog">${label}</button>`;

/** Alerts that a form names. */
const maxNamed = 5;
const maxHeld = 10;

/** The form of an action on the selected alerts. */
export function bulkSheet(
  action: BulkAction,
  views: readonly AlertView[],
  {
    csrf,
    offered,
  }: { csrf: string; offered: { action: Action; fields: Parameters<typeof fieldHtml>[0][] } | null },
): Html {
  const count = views.length;
  const [one] = views;
  const name = count === 1 && one ? one.alert.id : counted(count, '# alert', '# alerts');
  const [title, yes] = {
    assign_to: [t`Assign ${name}`, t`Assign`],
    close: [t`Close ${name}?`, t`Close`],
    quick_exception: [t`Add an exception for ${name}`, t`Add exception`],
    acknowledge: [t`Acknowledge ${name}`, t`Acknowledge`],
    assign: [t`Assign ${name}`, t`Assign to me`],
  }[action];
  const { confirm } = offered?.action ?? {};
  const body =
    action === 'quick_exception'
      ? exceptionFields(views)
      : html`${action === 'assign_to' && confirm?.text && html`<p>${confirm.text}</p>`}<div class="fields">${offered?.fields.map((field) => fieldHtml(field))}</div>${action === 'close' && heldFields(views)}`;
  return html`<form method="post" action="/console/bulk" class="sheet" novalidate data-bulk data-name="${yes}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value=""><input type="hidden" name="action" value="${action}">${views.map(({ alert }) => html`<input type="hidden" name="id" value="${alert.id}">`)}
<h2 id="sheet-title" tabindex="-1">${title}</h2>${namesHtml(views)}${body}
<div class="foot">${action === 'quick_exception' && html`<p class="preview" role="status" data-preview="/console/bulk/preview">${t`Choose an exception to see what it would have suppressed.`}</p>`}
<p class="fault" data-fault role="alert"></p>
<div class="row"><button class="btn primary">${yes}</button> <a class="btn" data-cancel href="/console">${t`Cancel`}</a></div></div></form>`;
}

const namesHtml = (views: readonly AlertView[]): Html =>
  html`<ul class="plain picked">${views.slice(0, maxNamed).map(({ alert }) => html`<li>${titleOf(rowOf(alert))} <span class="muted">${alert.id}</span></li>`)}${moreThan(views.length, maxNamed)}</ul>`;

const moreThan = (count: number, shown: number): Html | false =>
  count > shown && html`<li class="muted">${t`and ${count - shown} more`}</li>`;

/** Closing leaves measures in force, so that has to be chosen. */
function heldFields(views: readonly AlertView[]): Html | false {
  const held = views.flatMap((view) => {
    const measures = view.alert.state === 'closed' ? [] : measuresInForce(view);
    return measures.length > 0 ? [{ id: view.alert.id, measures }] : [];
  });
  if (held.length === 0) return false;
  return html`<fieldset class="field held"><legend>${t`In force on ${held.length} of these alerts`}</legend><ul class="plain">${held
    .slice(0, maxHeld)
    .map(
      ({ id, measures }) =>
        html`<li><strong>${measures.join('; ')}</strong> <span class="muted">${id}</span></li>`,
    )}${moreThan(held.length, maxHeld)}</ul>
<label class="check"><input type="radio" name="held" value="keep"> ${t`Close them and leave the measures in force. They can be undone after closing.`}</label>
<label class="check"><input type="radio" name="held" value="skip"> ${t`Leave these alerts open`}</label></fieldset>`;
}

function exceptionFields(views: readonly AlertView[]): Html {
  const choices = presetsOf(views).map(({ value, label, count }) => ({
    value,
    label: count < views.length ? t`${label} (${count} of ${views.length} alerts)` : label,
  }));
  if (choices.length === 0)
    return html`<p>${t`None of these alerts offers a preset exception. Open one of them to write an exception.`}</p>`;
  const field = { ...{ id: 'choice', label: t`Stop alerts for`, value: '' }, choices, optional: false };
  return html`<div class="fields">${fieldHtml({ ...field, kind: 'choice' })}</div><p class="muted">${t`Each different exception is saved once, and closes its alert as expected. Critical alerts are never suppressed.`}</p>`;
}

/** The results, for browsers without JavaScript. */
export const bulkResults = (results: readonly { id: string; error?: string }[]): Html =>
  html`<h1>${t`Requested`}</h1><ul class="plain">${results.map(
    ({ id, error }) =>
      html`<li><a href="/console/alerts/${id}">${id}</a>: ${error ?? t`requested; the result is on the alert`}</li>`,
  )}</ul><p><a class="btn" href="/console">${t`Back to the alerts`}</a></p>`;
