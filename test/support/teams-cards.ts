import { z } from 'zod';
import { openPublished } from './json-schema';

// biome-ignore lint/suspicious/noExplicitAny: an Adaptive Card of a bot
type Card = any;

const published = openPublished('adaptive-card-1.5.0.json');

/** Bytes, with everything around the card. @see https://learn.microsoft.com/microsoftteams/limits-specifications-teams */
export const maxMessage = 28 * 1024;
/** The newest version that Teams renders. @see https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference */
const version = '1.5';
/** Teams shows at most this many actions; those with mode "secondary" are in a menu. */
const maxPrimary = 6;
const cardType = 'application/vnd.microsoft.card.adaptive';

/** Why Teams would not render a card. */
export function faultsOfCard(card: Card): string[] {
  if (card === null || typeof card !== 'object') return ['not a card'];
  const size = Buffer.byteLength(JSON.stringify(card));
  const { msteams, ...plain } = card;
  const nodes = nodesOf(card);
  const ids = nodes.filter(({ type }) => /^Input\./.test(type)).map(({ id }) => id);
  return [
    ...published('/definitions/AdaptiveCard', withoutExtensions(plain)),
    ...(size > maxMessage ? [`${size} bytes`] : []),
    ...nodes.flatMap(faultsOfNode),
    ...(msteams ? faultsIn(z.strictObject({ width: z.literal('Full') }), msteams, 'msteams') : []),
    ...ids.filter((id) => !id).map(() => 'an input without id'),
    ...sameCardIds(card).map((id) => `two inputs with id ${id}`),
  ];
}

/** Where a card has more than four controls besides its overflow menu. */
export function excessActions(card: Card): string[] {
  const shown = (card?.actions ?? []).filter(({ mode }: Card) => mode !== 'secondary').length;
  const hidden = (card?.actions ?? []).length - shown;
  return shown > 4 || hidden > 5 ? [`${shown} controls and ${hidden} in the overflow menu`] : [];
}

const adaptiveCard = z.unknown().superRefine((card, issues) => {
  for (const message of faultsOfCard(card)) issues.addIssue({ code: 'custom', message });
});
const attachment = z.strictObject({ contentType: z.literal(cardType), content: adaptiveCard });
const size = z.union([z.enum(['small', 'medium', 'large']), z.int().positive()]);
/** @see https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/task-modules/task-modules-bots */
const taskAnswer = z.strictObject({
  task: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('message'), value: z.string().min(1) }),
    z.strictObject({
      type: z.literal('continue'),
      value: z.strictObject({ title: z.string().min(1), height: size, width: size, card: attachment }),
    }),
  ]),
});
/** @see https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/work-with-universal-actions-for-adaptive-cards */
const actionAnswer = z.discriminatedUnion('type', [
  z.strictObject({
    statusCode: z.literal(200),
    type: z.literal('application/vnd.microsoft.activity.message'),
    value: z.string().min(1),
  }),
  z.strictObject({ statusCode: z.literal(200), type: z.literal(cardType), value: adaptiveCard }),
]);
const answers: Record<string, z.ZodType> = {
  'adaptiveCard/action': actionAnswer,
  'task/fetch': taskAnswer,
  'task/submit': taskAnswer,
};

/** Why Teams would not take the answer to an invoke. */
export function faultsOfInvokeAnswer(name: string, body: string): string[] {
  const schema = answers[name];
  if (!schema || !body) return [];
  const answer = JSON.parse(body);
  return faultsIn(schema, answer, name);
}

function faultsIn(schema: z.ZodType, value: unknown, what: string): string[] {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${what} ${path.join('/')}: ${message}`);
}

/** Every object in a card that has a type. */
function nodesOf(value: Card): Card[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (value === null || typeof value !== 'object') return [];
  const { data: _, ...rest } = value;
  return [...(value.type ? [value] : []), ...Object.values(rest).flatMap(nodesOf)];
}

function faultsOfNode(node: Card): string[] {
  if (node.type === 'AdaptiveCard') {
    const primary = (node.actions ?? []).filter(({ mode }: Card) => mode !== 'secondary').length;
    return [
      ...(node.version === version ? [] : [`version ${node.version}`]),
      ...(primary > maxPrimary ? [`${primary} primary actions`] : []),
    ];
  }
  if (node.type === 'TextBlock' && !node.text) return ['an empty TextBlock'];
  if (node.type === 'Input.ChoiceSet' && !node.choices?.length && !node['choices.data'])
    return ['a ChoiceSet without choices'];
  if (node.type?.startsWith('Action.') && !node.title) return ['an action without title'];
  if (node.isRequired && !node.errorMessage) return [`${node.id} is required without an errorMessage`];
  return [];
}

/** The ids of inputs that occur twice in one card; cards inside ShowCards are others. */
function sameCardIds(card: Card): string[] {
  const own = nodesOf(card.body ?? []).filter(({ type }) => /^Input\./.test(type));
  const ids = own.map(({ id }) => id);
  const inner = nodesOf(card.actions ?? []).filter(({ type }) => type === 'AdaptiveCard');
  return [...ids.filter((id, index) => ids.indexOf(id) !== index), ...inner.flatMap(sameCardIds)];
}

/** Without the people picker, which Teams adds to the schema. @see https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/people-picker */
function withoutExtensions(value: Card): Card {
  if (Array.isArray(value)) return value.map(withoutExtensions);
  if (value === null || typeof value !== 'object') return value;
  const { 'choices.data': picker, ...rest } = value;
  const isPicker = picker?.type === 'Data.Query' && /^graph\.microsoft\.com\/users/.test(picker.dataset);
  const kept = picker && !isPicker ? value : rest;
  return Object.fromEntries(Object.entries(kept).map(([key, inner]) => [key, withoutExtensions(inner)]));
}
