import type { ModalView } from '@slack/types';
import type { Alert, Presser } from '../../alerts/alert';
import { exceptionForm, type FormField, type FormValues } from '../exception-form';
import { escapeMrkdwn } from './mrkdwn';

export const exceptionCallback = 'runwatch_exception';

/** What the modal needs to know when it comes back. */
export interface ModalMemory {
  alertId: string;
  channel: string;
}

/** @param tested what it would have silenced as it stands, in words */
export function exceptionModal(
  alert: Alert,
  presser: Presser,
  channel: string,
  now: number,
  tested: string,
): ModalView {
  const memory: ModalMemory = { alertId: alert.id, channel };
  return {
    type: 'modal',
    callback_id: exceptionCallback,
    private_metadata: JSON.stringify(memory),
    title: { type: 'plain_text', text: 'Add exception' },
    submit: { type: 'plain_text', text: 'Save' },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: `All that is given must hold. ${escapeMrkdwn(tested)}`,
          verbatim: true,
        },
      },
      ...exceptionForm(alert, presser, now).map((field) => ({
        type: 'input' as const,
        block_id: field.id,
        optional: field.optional,
        label: { type: 'plain_text' as const, text: field.label },
        ...(field.hint ? { hint: { type: 'plain_text' as const, text: field.hint } } : {}),
        element: element(field),
      })),
    ],
  };
}

function element(field: FormField) {
  if (field.kind === 'date')
    return { type: 'datepicker' as const, action_id: field.id, initial_date: field.value };
  return {
    type: 'plain_text_input' as const,
    action_id: field.id,
    multiline: field.kind === 'long',
    max_length: field.kind === 'long' ? 2000 : 500,
    ...(field.value ? { initial_value: field.value } : {}),
  };
}

/** What was typed and picked, whichever elements hold it. */
export function valuesOf(
  state: Record<string, Record<string, { value?: string | null; selected_date?: string | null }>>,
): FormValues {
  const values: Record<string, string> = {};
  for (const [block, elements] of Object.entries(state)) {
    const first = Object.values(elements)[0];
    values[block] = first?.selected_date ?? first?.value ?? '';
  }
  return values;
}
