import type { Field } from '../../actions/form';
import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import type { Action } from '../actions';
import { escapeMarkdown } from './markdown';

export type Json = Record<string, unknown>;

/** Teams takes about 28 KB a message. @see https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages */
export const maxCardSize = 26_000;

export const sizeOf = (card: Json | Json[]): number => Buffer.byteLength(JSON.stringify(card));

export const text = (value: string, more: Json = {}): Json => ({
  type: 'TextBlock',
  text: value,
  wrap: true,
  ...more,
});

/** As much of a card's body as Teams takes. */
export function fitted(body: readonly Json[]): Json[] {
  if (sizeOf([...body]) <= maxCardSize) return [...body];
  const rest = text(t`The rest is in the console.`, { isSubtle: true });
  const shown = [...body];
  while (sizeOf([...shown, rest]) > maxCardSize && shown.length > 1) shown.pop();
  return [...shown, rest];
}

export const yesOf = ({ confirm, choices }: Action) =>
  confirm?.yes ?? (choices ? t`Save exception` : t`Save`);

export const styleOf = ({ style }: Action): Json =>
  style === 'danger' ? { style: 'destructive' } : style === 'primary' ? { style: 'positive' } : {};

export function promptFor({ confirm, form, choices }: Action, titled: boolean): Json[] {
  const menu = choices?.map(({ value, label }) => ({ title: label, value }));
  return [
    ...(confirm && titled && !form ? [text(escapeMarkdown(confirm.title), { weight: 'Bolder' })] : []),
    ...(confirm ? [text(escapeMarkdown(confirm.text))] : []),
    ...(form ? form().map(input) : []),
    ...(menu
      ? [
          {
            type: 'Input.ChoiceSet',
            id: 'choice',
            label: t`Quick exception`,
            value: menu[0]?.value,
            choices: menu,
          },
        ]
      : []),
  ];
}

export const showCard = (title: string, body: Json[], actions: Json[]): Json => ({
  type: 'Action.ShowCard',
  title: plainLine(title, 60),
  card: { type: 'AdaptiveCard', version: '1.5', body, actions },
});

/** Converts a form field. A selected person is returned as an Entra object id. */
function input(field: Field): Json {
  const label = {
    id: field.id,
    label: field.label,
    value: field.value,
    isRequired: !field.optional && field.id !== 'owner',
    errorMessage: t`${field.label} is required`,
  };
  const choices = (field.choices ?? []).map(({ value, label: title }) => ({ value, title }));
  switch (field.kind) {
    case 'date':
      return { type: 'Input.Date', ...label };
    case 'choice':
      return { type: 'Input.ChoiceSet', ...label, choices };
    case 'checks':
      return { type: 'Input.ChoiceSet', ...label, choices, isMultiSelect: true };
    case 'person':
      return {
        type: 'Input.ChoiceSet',
        ...label,
        choices,
        'choices.data': { type: 'Data.Query', dataset: 'graph.microsoft.com/users' },
      };
    default:
      return {
        type: 'Input.Text',
        ...label,
        placeholder: field.id === 'owner' ? t`You, if left empty` : (field.hint ?? ''),
        ...(field.kind === 'long' ? { isMultiline: true, maxLength: 2000 } : { maxLength: 500 }),
      };
  }
}

/** What a press sends besides the alert. */
export const idsOf = ({ approvalId, choice }: Action): Json => ({
  ...(approvalId ? { approvalId } : {}),
  ...(choice ? { choice } : {}),
});

/** Whether a form or a confirmation comes before the action. */
export const opensFirst = ({ form, choices, confirm }: Action): boolean =>
  Boolean(form || choices || confirm);
