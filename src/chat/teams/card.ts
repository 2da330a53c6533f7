import type { Field } from '../../actions/form';
import type { MissingPermissions } from '../../actions/missing-permissions';
import { plainBlock, plainLine } from '../../domain/text/plain-text';
import { t, translate } from '../../domain/text/translate';
import type { Action } from '../actions';
import { missingText, nothingApplies, permissionsUnknown, responseGroups } from '../all-responses';
import { allId } from '../controls';
import type { Inline } from '../inline';
import type { MessageModel } from '../message';
import type { NoticeAction } from '../surface';
import { textBar } from '../text-bar';
import type { ThreadPart } from '../thread';

/** Teams takes about 28 KB a message. @see https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages */
const maxCardSize = 26_000;

type Json = Record<string, unknown>;

/** Severity shows by text too, not only by color. */
const styles = { critical: 'attention', high: 'attention', medium: 'warning', low: 'emphasis' } as const;

/** How a card looks to one person. */
export interface CardView {
  /** Forms and confirmations open a Teams dialog. Otherwise they expand in the card. */
  dialogs?: boolean;
  /** Shows only the state, without buttons. */
  stateOnly?: boolean;
  /** Teams user ids of people who get their own view of the card. */
  refreshFor?: readonly string[];
}

/** Verb that Teams sends to request a person's own view of a card. */
export const refreshVerb = 'refresh';

/** Converts an alert to an Adaptive Card 1.5. Action.Execute verbs are the same as Slack's action ids. */
export function toCard(model: MessageModel, view: CardView = {}): Json {
  const { stateOnly, refreshFor } = view;
  const seen = stateOnly ? { ...model, controls: { shown: [], more: [] } } : model;
  const refresh = {
    action: { type: 'Action.Execute', title: 'Refresh', verb: refreshVerb, data: { alertId: model.alertId } },
    userIds: refreshFor,
  };
  const whole = (of: MessageModel, maxChars: number) => ({
    ...cardOf(of, maxChars, view),
    ...(refreshFor?.length ? { refresh } : {}),
  });
  for (const maxChars of [1000, 300, 120]) {
    const card = whole(seen, maxChars);
    if (sizeOf(card) <= maxCardSize) return card;
  }
  const { shown, more } = seen.controls;
  const controls = { shown, more: more.filter(({ id }) => id !== allId) };
  for (let lines = seen.status.length; lines > 0; lines--) {
    const rest: Inline[][] = lines < seen.status.length ? [[t`More is in the thread.`]] : [];
    const status = [...seen.status.slice(0, lines), ...rest];
    const card = whole({ ...seen, controls, notes: [], status }, 120);
    if (sizeOf(card) <= maxCardSize) return card;
  }
  return whole({ ...seen, controls, notes: [], status: [] }, 120);
}

const sizeOf = (card: Json | Json[]): number => Buffer.byteLength(JSON.stringify(card));

function cardOf(model: MessageModel, maxChars: number, view: CardView): Json {
  const { alertId, closed, contained, severity, controls } = model;
  const facts = model.keyFacts.map(({ label, value }) => ({
    title: label,
    value: toMarkdown(value, maxChars),
  }));
  const status = model.status.map((line) => toMarkdown(line, maxChars));
  const [head = '', ...rest] = closed ? status : [escapeMarkdown(model.sentence), ...status];
  return {
    type: 'AdaptiveCard',
    version: '1.5',
    fallbackText: escapeMarkdown(model.summary),
    msteams: { width: 'Full' },
    body: [
      {
        type: 'Container',
        id: alertId,
        style: closed || contained ? 'good' : styles[severity],
        bleed: true,
        items: [
          text(head, { weight: 'Bolder', size: 'Medium' }),
          text(toMarkdown(model.context, maxChars), { isSubtle: true, spacing: 'None' }),
        ],
      },
      ...rest.map((line) => text(line)),
      ...(facts.length > 0 ? [{ type: 'FactSet', facts }] : []),
      ...model.notes.map((line) => text(toMarkdown(line, maxChars), { isSubtle: true })),
    ],
    actions: [
      ...controls.shown.map((action) => toAction(action, model, view)),
      ...controls.more.map((action) => ({ ...toAction(action, model, view), mode: 'secondary' })),
    ],
  };
}

export const text = (value: string, more: Json = {}): Json => ({
  type: 'TextBlock',
  text: value,
  wrap: true,
  ...more,
});

/** A form or confirmation opens first; the button inside it runs the action. */
function toAction(action: Action, model: MessageModel, { dialogs }: CardView): Json {
  const { alertId } = model;
  const title = plainLine(action.label, 60);
  if (action.url) return { type: 'Action.OpenUrl', title, url: action.url };
  if (action.id === allId && !dialogs)
    return showCard(
      title,
      [],
      model.page().actions.map((each, index) => ({
        ...toAction(each, model, {}),
        ...(index >= maxPrimary ? { mode: 'secondary' } : {}),
      })),
    );
  const execute = (label: string): Json => ({
    type: 'Action.Execute',
    title: label,
    verb: action.id,
    data: { alertId, ...idsOf(action) },
    ...styleOf(action),
  });
  if (action.id !== allId && !opensFirst(action)) return execute(title);
  if (!dialogs) return showCard(title, promptFor(action, true), [execute(plainLine(yesOf(action), 60))]);
  return {
    type: 'Action.Submit',
    title,
    data: { msteams: { type: 'task/fetch' }, verb: action.id, alertId },
    ...styleOf(action),
  };
}

/** Teams shows at most this many buttons; others need the overflow menu. */
const maxPrimary = 6;

/** What a press sends besides the alert. */
const idsOf = ({ approvalId, choice }: Action): Json => ({
  ...(approvalId ? { approvalId } : {}),
  ...(choice ? { choice } : {}),
});

/** Whether a form or a confirmation comes before the action. */
export const opensFirst = ({ form, choices, confirm }: Action): boolean =>
  Boolean(form || choices || confirm);

/** Mark on what was pressed in *All responses*: its form or confirmation is still to be shown. */
export const fromAll = 'all';

/** *All responses*: every action that applies, in groups, each with what it does. */
export const toAllCard = (
  actions: readonly Action[],
  alertId: string,
  missing: MissingPermissions | null,
): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body:
    actions.length === 0
      ? [text(translate(nothingApplies))]
      : responseGroups(actions)
          .flatMap(({ title, actions: own }) => [
            text(title, { weight: 'Bolder', size: 'Medium', separator: true }),
            ...own.flatMap((action) => [
              ...(action.does ? [text(escapeMarkdown(action.does))] : []),
              ...lacking(action, missing),
              {
                type: 'ActionSet',
                actions: [
                  {
                    type: 'Action.Submit',
                    title: plainLine(action.label, 60),
                    data: { verb: action.id, alertId, ...idsOf(action), from: fromAll },
                    ...styleOf(action),
                  },
                ],
              },
            ]),
          ])
          .concat(missing ? [] : [text(translate(permissionsUnknown), { isSubtle: true })]),
});

function lacking(action: Action, missing: MissingPermissions | null): Json[] {
  const lacks = missingText(action, missing);
  return lacks ? [text(escapeMarkdown(lacks), { color: 'Warning' })] : [];
}

/** Content of a dialog: the fields or confirmation, and the button that runs the action. */
export const toDialogCard = (action: Action, alertId: string, fault?: string): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body: [
    ...(fault ? [text(escapeMarkdown(fault), { color: 'Attention' })] : []),
    ...promptFor(action, false),
  ],
  actions: [
    {
      type: 'Action.Submit',
      title: plainLine(yesOf(action), 60),
      data: { verb: action.id, alertId },
      ...styleOf(action),
    },
  ],
});

const yesOf = ({ confirm, choices }: Action) => confirm?.yes ?? (choices ? t`Save exception` : t`Save`);

const styleOf = ({ style }: Action): Json =>
  style === 'danger' ? { style: 'destructive' } : style === 'primary' ? { style: 'positive' } : {};

function promptFor({ confirm, form, choices }: Action, titled: boolean): Json[] {
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

const showCard = (title: string, body: Json[], actions: Json[]): Json => ({
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

const maxThreadLines = 60;

/** An alert's thread, as a reply. The card contains its id, so that a search can find it. */
export const toThreadCard = (id: string, parts: readonly ThreadPart[]): Json => {
  const body = parts.flatMap(({ heading, lines, code }) => [
    text(escapeMarkdown(heading), { weight: 'Bolder', separator: true }),
    ...lines.slice(0, maxThreadLines).map((line) => text(toMarkdown(line, 500), { spacing: 'None' })),
    ...(lines.length > maxThreadLines
      ? [text(t`… and ${lines.length - maxThreadLines} more, in the console`, { spacing: 'None' })]
      : []),
    ...(code
      ? [
          {
            type: 'TextBlock',
            wrap: true,
            fontType: 'Monospace',
            text: escapeMarkdown(plainBlock(code, 8000)),
          },
        ]
      : []),
  ]);
  return { type: 'AdaptiveCard', version: '1.5', body: [{ type: 'Container', id, items: fitted(body) }] };
};

/** As much of a card's body as Teams takes. */
export function fitted(body: readonly Json[]): Json[] {
  if (sizeOf([...body]) <= maxCardSize) return [...body];
  const rest = text(t`The rest is in the console.`, { isSubtle: true });
  const shown = [...body];
  while (sizeOf([...shown, rest]) > maxCardSize && shown.length > 1) shown.pop();
  return [...shown, rest];
}

/** Escapes the Markdown that Teams renders in cards: formatting, links and mentions. */
export const escapeMarkdown = (value: string): string =>
  value.replace(/[\\`*_[\]()#~<>|]/g, '\\$&').replace(/^(\s*)([-+]|\d+\.)(\s)/gm, '$1\\$2$3');

/** Escapes text but keeps a leading and a trailing space. */
const spaced = (part: string, maxChars: number) =>
  `${/^\s/.test(part) ? ' ' : ''}${escapeMarkdown(plainLine(part, maxChars))}${/\S\s+$/.test(part) ? ' ' : ''}`;

export function toMarkdown(line: readonly Inline[], maxChars: number): string {
  return line
    .map((part) => {
      if (typeof part === 'string') return spaced(part, maxChars);
      if ('bold' in part) return `**${escapeMarkdown(part.bold)}**`;
      if ('alarm' in part) return `⚠️ **${escapeMarkdown(part.alarm)}**`;
      if ('code' in part) return escapeMarkdown(plainLine(part.code, maxChars));
      if ('bar' in part) return textBar(part.bar);
      if ('link' in part)
        return `[${escapeMarkdown(part.text)}](${part.link.replace(/[()\s]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)})`;
      const iso = `${part.time.slice(0, 19)}Z`;
      return `{{DATE(${iso},SHORT)}} {{TIME(${iso})}}`;
    })
    .join('');
}
