import { kindOf } from '../../../actions/registry';
import type { AlertView } from '../../../domain/measures/alert-view';
import { isInProgress, isOpenFailure, type Measure } from '../../../domain/measures/measure';
import { plainLine } from '../../../domain/text/plain-text';
import { t, translate } from '../../../domain/text/translate';
import type { Action } from '../../actions';
import { responseGroups } from '../../all-responses';
import type { Controls } from '../../controls';
import type { Inline } from '../../inline';
import { controlHtml } from '../forms';
import { type Html, html, tHtml } from '../html';
import { lineHtml, timeHtml } from '../inline-html';

/** Status and owner, and at most four buttons. */
export function nextStep(
  { alert }: AlertView,
  { shown }: Pick<Controls, 'shown'>,
  status: readonly Inline[][],
): Html {
  const buttons = shown.filter(({ url }) => !url);
  const step =
    buttons.length > 0
      ? html`<div class="stack">${buttons.map((action) => controlHtml(action, alert.id))}</div>`
      : html`<p class="muted">${t`Nothing is left to do here.`}</p>`;
  return html`<h2 tabindex="-1">${t`Next step`}</h2>${statusHtml(alert.state, alert.assignee?.name ?? null, status)}${step}`;
}

const statusHtml = (state: string, owner: string | null, lines: readonly Inline[][]): Html =>
  html`<p class="state"><strong>${capitalized(translate(state))}</strong> · ${owner ? plainLine(owner, 80) : t`no owner`}</p>${lines.map((line) => html`<p class="status">${lineHtml(line)}</p>`)}`;

const capitalized = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** All responses that apply, by purpose. */
export const allResponses = (actions: readonly Action[], alertId: string): Html =>
  html`<h2>${t`All responses`}</h2>${responseGroups(actions).map(
    ({ title, actions: own }) =>
      html`<details><summary data-opens-part="${title}">${title} <span class="muted num">${own.length}</span></summary><ul class="plain responses">${own.map(
        (action) =>
          html`<li>${controlHtml(action, alertId)}${action.does && html`<span class="sub">${action.does}</span>`}</li>`,
      )}</ul></details>`,
  )}`;

/** More are summarized, except those that need somebody: the table of machines has each. */
const mostMeasures = 3;
const mostUrgent = 10;

/** Measures that are in force, in progress or failed, with their steps and how to undo them. */
export function measuresHtml({ alert, measures }: AlertView, actions: readonly Action[]): Html | false {
  const open = measures.filter(
    ({ state, dismissed }) => state !== 'undone' && state !== 'done' && !dismissed,
  );
  if (open.length === 0) return false;
  const offered = (id: string | undefined) =>
    actions.find((action) => action.id === id && !action.approvalId);
  const kinds = [...new Set(open.map(({ kind }) => kind))];
  return html`<h2 tabindex="-1">${t`Measures`}</h2>${kinds.map((kind) => {
    const own = open.filter((one) => one.kind === kind);
    const undo = offered(kindOf(kind)?.undoneBy);
    const failed = own.some(isOpenFailure);
    const buttons = [
      ...(failed ? ['retry', 'dismiss'].flatMap((id) => offered(id) ?? []) : []),
      ...(undo && kindOf(kind)?.undoneBy !== kindOf(kind)?.doneBy ? [undo] : []),
    ];
    const standing = own.filter(({ state }) => state === 'in force').length;
    const shown =
      own.length > mostMeasures ? own.filter(({ state }) => state !== 'in force').slice(0, mostUrgent) : own;
    return html`<div class="measure"><h3>${translate(kindOf(kind)?.name ?? kind)}</h3>${shown.map(measureHtml)}${shown.length < own.length && html`<p>${tHtml`${html`<strong>${t`${standing} of ${own.length}`}</strong>`} in force. Each is in the table of machines.`}</p>`}<div class="row">${buttons.map((action) => controlHtml(action, alert.id))}</div></div>`;
  })}`;
}

function measureHtml(measure: Measure): Html {
  const { name, state, steps, by, at, reason, checked } = measure;
  const passed = steps.filter((step) => step.state === 'done').length;
  const how = isInProgress(measure)
    ? html`${t`${state === 'doing' ? t`In progress` : t`Being undone`}, ${passed} of ${steps.length} steps`}`
    : state === 'failed'
      ? html`<strong class="alarm">${t`Failed`}</strong>: ${plainLine(reason, 300)}`
      : state === 'drifted'
        ? html`<strong class="alarm">${t`Changed manually`}</strong>: ${plainLine(reason, 300)}`
        : html`${t`In force`}${checked && (checked.verified ? t`, verified with Azure` : t`, not verified: ${plainLine(checked.notes.join('; '), 200)}`)}`;
  const next = steps.findIndex((step) => step.state !== 'done');
  return html`<p><strong>${plainLine(name, 80)}</strong> · ${how}</p><p class="sub">${tHtml`by ${plainLine(by.name, 80)}, ${timeHtml(at)}`}</p>${
    steps.length > 0 &&
    html`<details><summary data-opens-part="steps-${measure.id}">${t`${passed} of ${steps.length} steps`}</summary><ol class="steps">${steps.map(
      (step, i) =>
        html`<li>${plainLine(step.words, 200)} <span class="muted">${step.state === 'done' ? t`done` : i === next ? (state === 'failed' ? t`failed` : t`next`) : t`pending`}</span></li>`,
    )}</ol></details>`
  }`;
}
