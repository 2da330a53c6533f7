import { openPublished } from './json-schema';

// biome-ignore lint/suspicious/noExplicitAny: arbitrary blocks of a bot
type Loose = any;

const published = openPublished('slack-blocks.json');

/** Limits that the types don't state. @see https://docs.slack.dev/reference/methods/chat.postMessage */
const maxMessageBlocks = 50;
/** @see https://docs.slack.dev/changelog/2018-04-truncating-really-long-messages */
const maxText = 40_000;
/** @see https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element */
const maxInput = 3000;
/** @see https://docs.slack.dev/messaging/message-metadata */
const maxMetadataName = 255;

/** Why Slack would reject a message's blocks. @see https://docs.slack.dev/reference/block-kit/blocks */
export function faultsOfBlocks(blocks: Loose[], maxBlocks = maxMessageBlocks): string[] {
  if (!Array.isArray(blocks)) return ['blocks is not a list'];
  return [
    ...(blocks.length > maxBlocks ? [`no more than ${maxBlocks} items allowed`] : []),
    ...published('/properties/blocks', blocks),
    ...repeated(blocks, 'block_id'),
    ...blocks.flatMap(faultsOfBlock),
    ...faultsOfTables(blocks),
  ];
}

/** Why Slack would reject a modal or a home page. @see https://docs.slack.dev/reference/views */
export function faultsOfView(view: Loose): string[] {
  if (view?.type !== 'modal' && view?.type !== 'home') return [`unknown view ${view?.type}`];
  const blocks: Loose[] = Array.isArray(view.blocks) ? view.blocks : [];
  const hasInput = blocks.some(({ type }) => type === 'input');
  return [
    ...published(`/properties/${view.type}`, view),
    ...repeated(blocks, 'block_id'),
    ...blocks.flatMap(faultsOfBlock),
    ...(blocks.length === 0 ? ['view without blocks'] : []),
    ...(view.type === 'modal' && hasInput && !view.submit ? ['inputs without submit'] : []),
  ];
}

/** Why Slack would reject the options of a select that it completes. */
export const faultsOfOptions = (options: Loose[]): string[] =>
  Array.isArray(options)
    ? [
        ...(options.length > 100 ? ['no more than 100 options'] : []),
        ...published('/properties/options', options),
        ...repeated(options, 'value'),
      ]
    : ['options is not a list'];

/** Why Slack would reject a message, besides where it goes. */
export function faultsOfMessage({ text, blocks = [], metadata }: Loose): string[] {
  const { event_type: name, event_payload: payload } = metadata ?? {};
  return [
    ...(!text && blocks.length === 0 ? ['no_text'] : []),
    ...(String(text ?? '').length > maxText ? ['msg_too_long'] : []),
    ...(metadata && (!name || name.length > maxMetadataName || typeof payload !== 'object')
      ? ['invalid_metadata_format']
      : []),
    ...faultsOfBlocks(blocks),
    ...excessControls(blocks),
  ];
}

/** Why Slack would reject what a listener acknowledges with. @param view that was submitted */
export function faultsOfAnswer(body: string, view: Loose): string[] {
  if (!body) return [];
  const answer = JSON.parse(body);
  if (answer.options) return faultsOfOptions(answer.options);
  if (answer.view) return faultsOfView(answer.view);
  if (answer.response_action !== 'errors') return [];
  const ids = (view?.blocks ?? []).filter(({ type }: Loose) => type === 'input');
  const known = ids.map(({ block_id }: Loose) => block_id);
  return Object.entries(answer.errors).flatMap(([id, fault]) => [
    ...(known.includes(id) ? [] : [`error for ${id}, which is no input`]),
    ...(fault ? [] : [`empty error for ${id}`]),
  ]);
}

/** Limits of tables that the types don't state. @see https://docs.slack.dev/reference/block-kit/blocks/table-block */
function faultsOfTables(blocks: Loose[]): string[] {
  const tables = blocks.filter((block) => block?.type === 'table');
  const textOf = ({ text, fallback, elements = [] }: Loose): string =>
    String(text ?? fallback ?? elements.map(textOf).join(''));
  const cells: Loose[] = tables.flatMap(({ rows }) => rows.flat());
  return [
    ...(tables.length > 1 ? ['only_one_table_allowed'] : []),
    ...(cells.map(textOf).join('').length > 10_000 ? ['more than 10000 characters in a table'] : []),
    ...tables.flatMap(({ rows }) => (rows.length > 100 ? ['more than 100 rows'] : [])),
    ...cells.flatMap((cell) => (textOf(cell) === '' ? ['empty cell'] : [])),
  ];
}

/** Where a message has more than four controls besides one overflow menu. */
export function excessControls(blocks: Loose[]): string[] {
  const elements = blocks.filter(({ type }) => type === 'actions').flatMap((block) => block.elements);
  const menus = elements.filter(({ type }) => type === 'overflow').length;
  const others = elements.length - menus;
  return others > 4 || menus > 1 ? [`${others} controls and ${menus} overflow menus`] : [];
}

/** What the types can't say about one block. */
function faultsOfBlock(block: Loose): string[] {
  const elements: Loose[] = [block?.elements, block?.accessory, block?.element].flat().filter(Boolean);
  const faults = elements.flatMap(faultsOfElement);
  if (block?.type === 'section' && !block.text && !block.fields?.length) faults.push('section without text');
  if (['actions', 'context'].includes(block?.type) && elements.length === 0)
    faults.push(`${block.type} without elements`);
  if (block?.type === 'actions') faults.push(...repeated(elements, 'action_id'));
  return faults;
}

function faultsOfElement(element: Loose): string[] {
  const faults: string[] = [];
  const options: Loose[] | undefined = element.options;
  if (options?.length === 0) faults.push(`${element.type} without options`);
  if (options) faults.push(...repeated(options, 'value'));
  const initial = [element.initial_option, ...(element.initial_options ?? [])].filter(Boolean);
  const same = (one: Loose) => (other: Loose) => JSON.stringify(one) === JSON.stringify(other);
  if (options && !initial.every((one) => options.some(same(one)))) faults.push('initial option is no option');
  if (element.max_length > maxInput) faults.push(`max_length above ${maxInput}`);
  if (element.initial_value?.length > (element.max_length ?? maxInput)) faults.push('initial_value too long');
  if (element.initial_date && !/^\d{4}-\d\d-\d\d$/.test(element.initial_date)) faults.push('initial_date');
  if (element.url && !/^https?:\/\//.test(element.url)) faults.push('url is no web address');
  return faults;
}

const repeated = (items: Loose[], key: string): string[] => {
  const values = items.map((item) => item?.[key]).filter(Boolean);
  return values
    .filter((value, index) => values.indexOf(value) !== index)
    .map((id) => `duplicate ${key} ${id}`);
};
