import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SimulatedSlack, startSlack } from '../support/slack';
import { faultsOfAnswer, faultsOfMessage, faultsOfOptions, faultsOfView } from '../support/slack-blocks';
import { startTeams } from '../support/teams';
import { excessActions, faultsOfCard, faultsOfInvokeAnswer } from '../support/teams-cards';

// biome-ignore lint/suspicious/noExplicitAny: messages that are wrong on purpose
type Loose = any;

const plain = (text: string) => ({ type: 'plain_text', text });
const button = { type: 'button', action_id: 'go', value: 'v', text: plain('Go') };
const option = { value: 'a', text: plain('A') };
const section = { type: 'section', text: { type: 'mrkdwn', text: 'x' } };
const actions = (...elements: Loose[]) => ({ type: 'actions', elements });
const input = (element: Loose) => ({ type: 'input', label: plain('Label'), element });
const textInput = { type: 'plain_text_input', action_id: 't' };
const select = { type: 'static_select', action_id: 's', options: [option] };
const confirm = { title: plain('t'), text: plain('x'), confirm: plain('Yes'), deny: plain('No') };
const modal = { type: 'modal', title: plain('Title'), submit: plain('Save'), blocks: [input(textInput)] };
const table = (rows: string[][]) => ({
  type: 'table',
  rows: rows.map((row) => row.map((text) => ({ type: 'raw_text', text }))),
});
const long = (length: number) => 'x'.repeat(length);

test('what Slack takes has no faults', () => {
  expect(
    faultsOfMessage({ text: 'x', blocks: [section, actions({ ...button, confirm }, { ...select })] }),
  ).toEqual([]);
  expect(faultsOfView(modal)).toEqual([]);
  expect(faultsOfOptions([option])).toEqual([]);
});

test.each<[string, Loose[]]>([
  ['no more than 50 items', Array(51).fill(section)],
  ['value of tag "type"', [{ type: 'unknown' }]],
  ['additional properties (colour)', [{ ...section, colour: 'red' }]],
  ['additional properties (emoji)', [{ type: 'section', text: { type: 'mrkdwn', text: 'x', emoji: true } }]],
  ['fewer than 1 characters', [{ type: 'section', text: { type: 'mrkdwn', text: '' } }]],
  ['more than 3000 characters', [{ type: 'section', text: { type: 'mrkdwn', text: long(3001) } }]],
  ['more than 2000 characters', [{ type: 'section', fields: [plain(long(2001))] }]],
  ['more than 10 items', [{ type: 'section', fields: Array(11).fill(plain('x')) }]],
  ['section without text', [{ type: 'section' }]],
  ['more than 10 items', [{ type: 'context', elements: Array(11).fill(plain('x')) }]],
  ['context without elements', [{ type: 'context', elements: [] }]],
  ['more than 150 characters', [{ type: 'header', text: plain(long(151)) }]],
  ['must be equal to constant', [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }]],
  ['more than 255 characters', [{ ...section, block_id: long(256) }]],
  [
    'duplicate block_id b',
    [
      { ...section, block_id: 'b' },
      { ...section, block_id: 'b' },
    ],
  ],
  ['only_one_table_allowed', [table([['a']]), table([['b']])]],
  ['more than 100 rows', [table(Array(101).fill(['a']))]],
  ['more than 10000 characters in a table', [table(Array(10).fill([long(1001)]))]],
  ['empty cell', [table([['']])]],
  ['actions without elements', [actions()]],
  [
    'more than 25 items',
    [actions(...Array.from({ length: 26 }, (_, i) => ({ ...button, action_id: `${i}` })))],
  ],
  ['duplicate action_id go', [actions(button, button)]],
  ['more than 255 characters', [actions({ ...button, action_id: long(256) })]],
  ['more than 75 characters', [actions({ ...button, text: plain(long(76)) })]],
  ['more than 2000 characters', [actions({ ...button, value: long(2001) })]],
  ['more than 3000 characters', [actions({ ...button, url: `https://${long(3000)}` })]],
  ['url is no web address', [actions({ ...button, url: 'javascript:alert(1)' })]],
  ['one of the allowed values', [actions({ ...button, style: 'green' })]],
  ['more than 100 characters', [actions({ ...button, confirm: { ...confirm, title: plain(long(101)) } })]],
  ['more than 300 characters', [actions({ ...button, confirm: { ...confirm, text: plain(long(301)) } })]],
  ['more than 30 characters', [actions({ ...button, confirm: { ...confirm, confirm: plain(long(31)) } })]],
  ['more than 30 characters', [actions({ ...button, confirm: { ...confirm, deny: plain(long(31)) } })]],
  ['required property', [actions({ ...button, confirm: { title: plain('t') } })]],
  ['static_select without options', [actions({ ...select, options: [] })]],
  ['more than 100 items', [actions({ ...select, options: Array(101).fill(option) })]],
  ['more than 5 items', [actions({ type: 'overflow', action_id: 'o', options: Array(6).fill(option) })]],
  ['more than 75 characters', [actions({ ...select, options: [{ ...option, text: plain(long(76)) }] })]],
  ['more than 150 characters', [actions({ ...select, options: [{ ...option, value: long(151) }] })]],
  ['more than 150 characters', [actions({ ...select, placeholder: plain(long(151)) })]],
  ['duplicate value a', [actions({ ...select, options: [option, option] })]],
  ['initial option is no option', [actions({ ...select, initial_option: { ...option, value: 'b' } })]],
  [
    '5 controls and 0 overflow',
    [actions(...Array.from({ length: 5 }, (_, i) => ({ ...button, action_id: `${i}` })))],
  ],
])('Slack rejects a message: %s', (fault, blocks) => {
  expect(faultsOfMessage({ text: 'x', blocks }).join('\n')).toContain(fault);
});

test.each<[string, Loose]>([
  ['no_text', { blocks: [] }],
  ['msg_too_long', { text: long(40_001) }],
  ['invalid_metadata_format', { text: 'x', metadata: { event_type: 'x' } }],
])('Slack rejects a message: %s', (fault, message) => {
  expect(faultsOfMessage(message)).toContain(fault);
});

test.each<[string, Loose]>([
  ['unknown view', { type: 'page' }],
  ['more than 24 characters', { ...modal, title: plain(long(25)) }],
  ['more than 24 characters', { ...modal, submit: plain(long(25)) }],
  ['more than 24 characters', { ...modal, close: plain(long(25)) }],
  ['more than 3000 characters', { ...modal, private_metadata: long(3001) }],
  ['more than 255 characters', { ...modal, callback_id: long(256) }],
  ['more than 100 items', { ...modal, blocks: Array(101).fill(section) }],
  ['view without blocks', { ...modal, blocks: [] }],
  ['inputs without submit', { ...modal, submit: undefined }],
  ["required property 'title'", { type: 'modal', blocks: [section] }],
  ['additional properties (title)', { type: 'home', title: plain('x'), blocks: [section] }],
  ['more than 2000 characters', { ...modal, blocks: [{ ...input(textInput), label: plain(long(2001)) }] }],
  ['more than 2000 characters', { ...modal, blocks: [{ ...input(textInput), hint: plain(long(2001)) }] }],
  ['max_length above 3000', { ...modal, blocks: [input({ ...textInput, max_length: 3001 })] }],
  [
    'initial_value too long',
    { ...modal, blocks: [input({ ...textInput, max_length: 2, initial_value: 'abc' })] },
  ],
  [
    'initial_date',
    { ...modal, blocks: [input({ type: 'datepicker', action_id: 'd', initial_date: 'today' })] },
  ],
  [
    'more than 10 items',
    { ...modal, blocks: [input({ type: 'checkboxes', action_id: 'c', options: Array(11).fill(option) })] },
  ],
])('Slack rejects a view: %s', (fault, view) => {
  expect(faultsOfView(view).join('\n')).toContain(fault);
});

test.each<[string, Loose]>([
  [
    'no more than 100 options',
    { options: Array.from({ length: 101 }, (_, i) => ({ ...option, value: `${i}` })) },
  ],
  ['more than 75 characters', { options: [{ ...option, text: plain(long(76)) }] }],
  ['more than 24 characters', { response_action: 'update', view: { ...modal, title: plain(long(25)) } }],
  ['error for other, which is no input', { response_action: 'errors', errors: { other: 'Wrong' } }],
])('Slack rejects an answer: %s', (fault, answer) => {
  expect(faultsOfAnswer(JSON.stringify(answer), modal).join('\n')).toContain(fault);
});

describe('the simulated Slack', () => {
  let slack: SimulatedSlack;
  beforeEach(async () => {
    slack = await startSlack();
  });

  const wrong = [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }] as Loose;
  const place = { channel: 'C0SOC0000', text: 'x', blocks: wrong };
  test.each<[string, string, Loose]>([
    ['chat.postMessage', 'invalid_blocks', place],
    ['chat.postEphemeral', 'invalid_blocks', { ...place, user: 'U1' }],
    ['chat.update', 'invalid_blocks', { ...place, ts: '1.1' }],
    ['views.open', 'invalid_arguments', { trigger_id: '1', view: { ...modal, blocks: wrong } }],
    ['views.push', 'invalid_arguments', { trigger_id: '1', view: { ...modal, blocks: wrong } }],
    ['views.update', 'invalid_arguments', { view_id: 'V1', view: { ...modal, blocks: wrong } }],
    ['views.publish', 'invalid_arguments', { user_id: 'U1', view: { type: 'home', blocks: wrong } }],
  ])('%s is rejected with %s, and the test fails at its end', async (method, error, args) => {
    const answer = await fetch(`${slack.apiUrl}${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${slack.botToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
    });
    expect(await answer.json()).toMatchObject({ ok: false, error });
    await expect(slack.stop()).rejects.toThrow(method);
  });
});

test('the schema is of the installed @slack/types', () => {
  const read = (path: string) => JSON.parse(readFileSync(join(__dirname, '../..', path), 'utf8'));
  const { version } = read('node_modules/@slack/types/package.json');
  expect(read('test/fixtures/published/slack-blocks.json').$comment).toContain(`@slack/types ${version} `);
});

const textBlock = { type: 'TextBlock', text: 'x' };
const execute = { type: 'Action.Execute', title: 'Go', verb: 'go' };
const card = { type: 'AdaptiveCard', version: '1.5', body: [textBlock], actions: [execute] };
const choices = { type: 'Input.ChoiceSet', id: 'c', choices: [{ title: 'A', value: 'a' }] };

test('what Teams takes has no faults', () => {
  expect(faultsOfCard({ ...card, msteams: { width: 'Full' }, fallbackText: 'x' })).toEqual([]);
  const picker = { 'choices.data': { type: 'Data.Query', dataset: 'graph.microsoft.com/users' } };
  expect(faultsOfCard({ ...card, body: [{ ...choices, choices: [], ...picker }] })).toEqual([]);
});

test.each<[string, Loose]>([
  ['not a card', null],
  ['version 1.6', { ...card, version: '1.6' }],
  ['/body/0', { ...card, body: [{ type: 'Unknown' }] }],
  ['additional properties (colour)', { ...card, body: [{ ...textBlock, colour: 'red' }] }],
  ['/body/0/size', { ...card, body: [{ ...textBlock, size: 'Huge' }] }],
  ['/body/0/text', { ...card, body: [{ ...textBlock, text: 5 }] }],
  ['an empty TextBlock', { ...card, body: [{ ...textBlock, text: '' }] }],
  ["required property 'text'", { ...card, body: [{ type: 'TextBlock' }] }],
  ["required property 'url'", { ...card, actions: [{ type: 'Action.OpenUrl', title: 'x' }] }],
  ['/actions/0', { ...card, actions: [{ type: 'Action.Http', title: 'x' }] }],
  ['an action without title', { ...card, actions: [{ type: 'Action.Execute' }] }],
  ['7 primary actions', { ...card, actions: Array(7).fill(execute) }],
  ['a ChoiceSet without choices', { ...card, body: [{ ...choices, choices: [] }] }],
  ['an input without id', { ...card, body: [{ type: 'Input.Text' }] }],
  ['two inputs with id c', { ...card, body: [choices, choices] }],
  ['without an errorMessage', { ...card, body: [{ ...choices, isRequired: true }] }],
  ['msteams', { ...card, msteams: { width: 'Wide' } }],
  [
    'choices.data',
    { ...card, body: [{ ...choices, 'choices.data': { type: 'Data.Query', dataset: 'other' } }] },
  ],
  ['bytes', { ...card, body: [{ ...textBlock, text: long(28 * 1024) }] }],
  [
    '/actions/0/card/body/0',
    { ...card, actions: [{ type: 'Action.ShowCard', title: 'x', card: { ...card, body: [{}] } }] },
  ],
])('Teams rejects a card: %s', (fault, one) => {
  expect(faultsOfCard(one).join('\n')).toContain(fault);
});

test('a card has at most four controls and an overflow menu of five', () => {
  expect(excessActions({ ...card, actions: Array(5).fill(execute) })).toHaveLength(1);
});

const cardType = 'application/vnd.microsoft.card.adaptive';
const dialog = (content: Loose) => ({
  task: {
    type: 'continue',
    value: { title: 'x', height: 'medium', width: 'medium', card: { contentType: cardType, content } },
  },
});

test.each<[string, string, Loose]>([
  ['task/fetch', 'version 1.6', dialog({ ...card, version: '1.6' })],
  ['task/submit', 'value', { task: { type: 'message', value: '' } }],
  ['task/submit', 'type', { task: { type: 'text', value: 'x' } }],
  ['adaptiveCard/action', 'type', { statusCode: 200, type: 'text/plain', value: 'x' }],
  [
    'adaptiveCard/action',
    'version 1.6',
    { statusCode: 200, type: cardType, value: { ...card, version: '1.6' } },
  ],
])('Teams rejects an answer to %s: %s', (name, fault, answer) => {
  expect(faultsOfInvokeAnswer(name, JSON.stringify(answer)).join('\n')).toContain(fault);
});

test('the simulated Teams rejects a wrong card, and the test fails at its end', async () => {
  const teams = await startTeams();
  const attachments = [{ contentType: cardType, content: { ...card, version: '1.6' } }];
  const { status } = await fetch(`${teams.address}/v3/conversations/c-soc/activities`, {
    method: 'POST',
    body: JSON.stringify({ type: 'message', attachments }),
  });
  expect(status).toBe(400);
  await expect(teams.stop()).rejects.toThrow('version 1.6');
});
