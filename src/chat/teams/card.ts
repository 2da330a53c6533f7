import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import type { Action } from '../actions';
import { allId } from '../controls';
import type { Inline } from '../inline';
import type { MessageModel } from '../message';
import {
  idsOf,
  type Json,
  maxCardSize,
  opensFirst,
  promptFor,
  showCard,
  sizeOf,
  styleOf,
  text,
  yesOf,
} from './card-elements';
import { escapeMarkdown, toMarkdown } from './markdown';

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
