import { t } from '../../domain/text/translate';
import type { NoticeAction } from '../surface';
import { type Json, showCard, text } from './card-elements';
import { escapeMarkdown } from './markdown';

/** The question "Did you run this?" with three answers and a comment field. */
export const toQuestionCard = (words: string, alertId: string): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body: [
    text(escapeMarkdown(words)),
    { type: 'Input.Text', id: 'note', label: t`Add a comment`, isMultiline: true, maxLength: 500 },
  ],
  actions: [
    ['yes', t`Yes, I did`],
    ['no', t`No`],
    ['automation', t`It was automation`],
  ].map(([answer, title]) => ({
    type: 'Action.Execute',
    title,
    verb: 'ask_caller',
    data: { alertId, answer },
  })),
});

/** A short notice with optional buttons or menus. The card contains its id, so that a search can find it. */
export const toNoticeCard = (id: string, words: string, actions: readonly NoticeAction[]): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body: [
    {
      type: 'Container',
      id,
      items: words
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line, index) => text(escapeMarkdown(line), index > 0 ? { spacing: 'None' } : {})),
    },
  ],
  actions: actions.map(({ id: verb, label, value, choices }) => {
    const execute = {
      type: 'Action.Execute',
      title: label,
      verb,
      data: choices ? {} : value.startsWith('A-') ? { approvalId: value } : { exceptionId: value },
    };
    if (!choices) return execute;
    const menu = choices.map((choice) => ({ title: choice.label, value: choice.value }));
    return showCard(
      label,
      [{ type: 'Input.ChoiceSet', id: 'choice', label, value: menu[0]?.value ?? '', choices: menu }],
      [execute],
    );
  }),
});
