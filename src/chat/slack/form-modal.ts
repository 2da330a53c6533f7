import type { InputBlock, ModalView } from '@slack/types';
import type { Field, FormValues } from '../../actions/form';
import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import { escapeMrkdwn } from './mrkdwn';
import { plain } from './plain-object';

export const formCallback = 'runwatch_form';
/** Button in the exception modal that runs the backtest again. */
export const backtestAction = 'backtest';

/** Data that a modal carries until it is submitted. */
export interface ModalContext {
  action: string;
  alertId: string;
  channel: string;
  /** It is on top of *All responses*; both close together. */
  onTop?: true;
}

/** @param intro text that describes what the action will do */
export function formModal(
  modalContext: ModalContext,
  {
    title,
    intro,
    fields,
    submit,
  }: { title: string; intro: string; fields: readonly Field[]; submit: string },
): ModalView {
  const counts = modalContext.action === 'add_exception';
  return {
    type: 'modal',
    callback_id: formCallback,
    private_metadata: JSON.stringify(modalContext),
    title: plain(title, 24),
    submit: plain(submit, 24),
    close: plain(t`Cancel`),
    blocks: [
      {
        type: 'section',
        block_id: 'intro',
        text: { type: 'mrkdwn', text: plainIntro(intro), verbatim: true },
        ...(counts
          ? {
              accessory: {
                type: 'button' as const,
                action_id: backtestAction,
                text: plain(t`Count again`),
              },
            }
          : {}),
      },
      ...fields.map(toInput),
    ],
  };
}

const maxLabel = 2000;
const plainIntro = (intro: string) => escapeMrkdwn(plainLine(intro, 2800));

const toInput = (field: Field): InputBlock => ({
  type: 'input',
  block_id: field.id,
  optional: field.optional,
  label: plain(field.label, maxLabel),
  ...(field.hint ? { hint: plain(field.hint, maxLabel) } : {}),
  element: element(field),
});

function element(field: Field): InputBlock['element'] {
  const options = (field.choices ?? []).map(({ value, label }) => ({
    value,
    text: plain(label),
  }));
  const chosen = options.filter((option) => field.value.split(',').includes(option.value));
  switch (field.kind) {
    case 'date':
      return {
        type: 'datepicker',
        action_id: field.id,
        ...(field.value ? { initial_date: field.value } : {}),
      };
    case 'choice':
      return {
        type: 'static_select',
        action_id: field.id,
        options,
        ...(chosen[0] ? { initial_option: chosen[0] } : {}),
      };
    case 'checks':
      return {
        type: 'checkboxes',
        action_id: field.id,
        options,
        ...(chosen.length > 0 ? { initial_options: chosen } : {}),
      };
    case 'person':
      return { type: 'users_select', action_id: field.id };
    default:
      return {
        type: 'plain_text_input',
        action_id: field.id,
        multiline: field.kind === 'long',
        max_length: field.kind === 'long' ? 2000 : 500,
        ...(field.value ? { initial_value: field.value } : {}),
      };
  }
}

interface StateValue {
  value?: string | null;
  selected_date?: string | null;
  selected_user?: string | null;
  selected_option?: { value?: string } | null;
  selected_options?: { value?: string }[] | null;
}

/** The entered and selected values, from any kind of element. */
export function valuesOf(state: Record<string, Record<string, StateValue>>): FormValues {
  const values: FormValues = {};
  for (const [block, elements] of Object.entries(state)) {
    const first = Object.values(elements)[0] ?? {};
    const checked = first.selected_options?.map((option) => option.value ?? '').join(',');
    values[block] =
      checked ??
      first.selected_option?.value ??
      first.selected_user ??
      first.selected_date ??
      first.value ??
      '';
  }
  return values;
}
