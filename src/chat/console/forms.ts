import type { Field } from '../../actions/form';
import { t } from '../../domain/text/translate';
import type { Action } from '../actions';
import { type Html, html } from './html';

/** What a form needs besides its fields. */
export interface FormContext {
  alertId: string;
  csrf: string;
  /** Faults of what was submitted, by field. */
  faults?: Partial<Record<string, string>>;
  /** Says which alerts the exception would have suppressed. */
  preview?: string;
}

/** A button that performs the action, or opens its form. Buttons belong to the page's form `press`. */
export function controlHtml(action: Action, alertId: string): Html {
  const { id, label, style = '', choice, approvalId } = action;
  const at = `/console/alerts/${alertId}`;
  if (needsForm(action))
    return html`<a class="btn ${style}" data-opens="${id}" href="${formPath(alertId, id)}" role="button">${label}</a>`;
  const value = approvalId
    ? html` name="approvalId" value="${approvalId}"`
    : choice
      ? html` name="choice" value="${choice}"`
      : '';
  return html`<button class="btn ${style}" form="press" formaction="${at}/${id}" data-action="${id}"${value}>${label}</button>`;
}

/** The page of an action's form. */
export const formPath = (alertId: string, id: string): string =>
  id === 'add_exception' ? `/console/alerts/${alertId}/exception` : `/console/alerts/${alertId}/form/${id}`;

export const needsForm = ({ confirm, form, choices, choice, approvalId }: Action): boolean =>
  !approvalId && !choice && Boolean(confirm || form || choices);

/** The form that all buttons of the page belong to. */
export const pressForm = (csrf: string): Html =>
  html`<form method="post" id="press"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value=""></form>`;

/** An action's form: what it does to which object, its fields, and the button that performs it. */
export function sheetHtml(action: Action, fields: readonly Field[], context: FormContext): Html {
  const { alertId, csrf, faults = {}, preview } = context;
  const { title = action.label.replace(/…$/, ''), text = action.does, yes } = action.confirm ?? {};
  const choices = action.choices && choiceField(action.choices);
  return html`<form method="post" action="/console/alerts/${alertId}/${action.id}" class="sheet" novalidate data-action-name="${action.label.replace(/…$/, '')}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="">
<h2 id="sheet-title" tabindex="-1">${title}</h2>${text && html`<p>${text}</p>`}
<div class="fields">${[...fields, ...(choices ? [choices] : [])].map((field) => fieldHtml(field, faults[field.id]))}</div>
<div class="foot">${preview !== undefined && html`<p class="preview" role="status" data-preview="/console/alerts/${alertId}/exception/preview">${preview}</p>`}
<p class="fault" data-fault role="alert"></p>
<div class="row"><button class="btn ${action.style === 'danger' ? 'danger solid' : 'primary'}" data-action="${action.id}">${yes ?? action.label.replace(/…$/, '')}</button> <a class="btn" data-cancel href="/console/alerts/${alertId}">${t`Cancel`}</a></div></div></form>`;
}

const choiceField = (choices: NonNullable<Action['choices']>): Field => ({
  id: 'choice',
  label: t`Applies to`,
  value: choices[0]?.value ?? '',
  kind: 'choice',
  choices,
  optional: false,
});

/** A field with its label, hint and fault, if any. */
export function fieldHtml(field: Field, fault?: string): Html {
  const id = `f-${field.id}`;
  const hint = field.hint ?? '';
  const told = hint || fault ? html` aria-describedby="${id}-hint"` : '';
  const invalid = fault ? html` aria-invalid="true"` : '';
  const label = html`${field.label}${field.optional && html` <span class="muted">${t`(optional)`}</span>`}`;
  const below =
    (hint || fault) &&
    html`<span class="hint" id="${id}-hint">${fault && html`<strong class="fault">${fault}. </strong>`}${hint}</span>`;
  if (field.kind === 'checks')
    return html`<fieldset class="field"${told}><legend>${label}</legend>${input(field, id, html``)}${below}</fieldset>`;
  return html`<p class="field"><label for="${id}">${label}</label>${input(field, id, html`${told}${invalid}${!field.optional && html` required`}`)}${below}</p>`;
}

function input({ id: name, kind, value, choices = [] }: Field, id: string, more: Html): Html {
  const chosen = value.split(',');
  if (kind === 'long')
    return html`<textarea id="${id}" name="${name}" rows="3" maxlength="2000"${more}>${value}</textarea>`;
  if (kind === 'checks')
    return html`${choices.map(
      (choice) =>
        html`<label class="check"><input type="checkbox" name="${name}" value="${choice.value}"${chosen.includes(choice.value) && html` checked`}> ${choice.label}</label>`,
    )}`;
  if (kind === 'choice') {
    const isOffered = choices.some((choice) => choice.value === value);
    return html`<select id="${id}" name="${name}"${more}>${!isOffered && html`<option value="">${t`Choose one`}</option>`}${choices.map(
      (choice) =>
        html`<option value="${choice.value}"${choice.value === value && html` selected`}>${choice.label}</option>`,
    )}</select>`;
  }
  const hint = kind === 'person' ? html` placeholder="${t`Email address or name`}"` : '';
  return html`<input id="${id}" name="${name}" type="${kind === 'date' ? 'date' : 'text'}" value="${value}" maxlength="500"${hint}${more}>`;
}
