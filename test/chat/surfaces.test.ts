import fc from 'fast-check';
import type { HomePart } from '../../src/chat/home-part';
import { messageOf } from '../../src/chat/message';
import { allModal } from '../../src/chat/slack/all-modal';
import { toBlocks } from '../../src/chat/slack/blocks';
import { toHomeBlocks } from '../../src/chat/slack/home-blocks';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import { toCard } from '../../src/chat/teams/card';
import { toAllCard } from '../../src/chat/teams/dialog-cards';
import { toHomeCard } from '../../src/chat/teams/home-card';
import { toThreadCard } from '../../src/chat/teams/thread-card';
import { newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { pageTextOf } from '../support/alert-page';
import { factsAbout, untouched } from '../support/alerts';
import { event } from '../support/event';
import { faultsOfView } from '../support/slack-blocks';
import { faultsOfCard } from '../support/teams-cards';

const build = (name = 'dana') => {
  const caller = {
    id: '9e1f4f2a-0c7b-4a8e-b1d7-3f2c5a6b7c8d',
    name,
    type: 'User' as const,
    ip: '203.0.113.24',
    appId: null,
  };
  const execution = executionFrom(event({ caller })) as Execution;
  const alert = judge(
    {
      ...newAlert('RW-1', [execution], execution.startedAt),
      facts: {
        access: {
          grant: { role: 'Owner', scope: '/', assignmentId: 'a' },
          source: 'log',
          group: null,
          assignedAt: null,
          assignedBy: null,
          until: null,
          condition: null,
          otherWays: 0,
          alsoCan: ['change access'],
          machines: 3,
          subscriptionName: null,
        },
      },
    },
    [],
    { points: defaultPoints },
  );
  return { alert, model: messageOf(untouched(alert), { responders: true, now: 0 }) };
};

const { alert, model } = build();
const rendered = {
  slack: JSON.stringify([
    toBlocks(model),
    toThreadBlocks(model.thread()),
    allModal({ action: 'all', alertId: 'RW-1', channel: 'C1' }, model.page().actions, {}),
  ]),
  teams: JSON.stringify([
    toCard(model),
    toThreadCard('RW-1.thread', model.thread()),
    toAllCard(model.page().actions, 'RW-1', {}),
  ]),
  console: pageTextOf(untouched(alert)),
};

test('the home page has the same rows and buttons in Slack and in Teams', () => {
  const confirm = { title: 'Release vm-1?', text: 'New connections work again.', yes: 'Release' };
  const parts: HomePart[] = [
    {
      heading: 'My alerts',
      rows: [
        {
          line: [{ bold: 'HIGH 70' }, ' by Dana'],
          actions: [
            { id: 'close', label: 'Close…', value: 'RW-1' },
            { id: 'release', label: 'Release', value: 'RW-1', confirm },
          ],
        },
      ],
      none: '',
      more: 3,
    },
    {
      heading: 'Exceptions to review (1)',
      rows: [{ line: ['patching'], actions: [{ id: 'extend_exception', label: 'Extend', value: 'ex-1' }] }],
      none: '',
      more: 0,
    },
    { heading: 'In force (0)', rows: [], none: 'No changes on Azure are in force.', more: 0 },
  ];
  const home = toHomeCard(parts, { dialogs: true });
  expect(faultsOfCard(home)).toEqual([]);
  expect(faultsOfView({ type: 'home', blocks: toHomeBlocks(parts) })).toEqual([]);
  for (const shown of [JSON.stringify(toHomeBlocks(parts)), JSON.stringify(home)])
    for (const text of [
      'My alerts',
      'HIGH 70',
      '… and 3 more',
      'patching',
      'Close…',
      'release',
      'ex-1',
      'No changes on Azure',
    ])
      expect(shown).toContain(text);
});

describe.each(Object.entries(rendered))('%s', (surface, text) => {
  test.each(model.page().facts.map((fact) => fact.label))('shows the fact %s', (label) => {
    expect(text).toContain(label);
  });
  test.each(model.page().actions.map((action) => action.id))('offers the action %s', (id) => {
    const shown = {
      slack: new RegExp(`"(RW-1 )?${id}"`),
      teams: `"${id}"`,
      console: new RegExp(`data-(action|opens)="${id}"`),
    };
    expect(text).toMatch(shown[surface as keyof typeof shown]);
  });
});

test('a Teams card stays below 28 KB and contains no untrusted link', () => {
  const nasty = fc.oneof(
    fc.string({ maxLength: 80, unit: 'binary' }),
    fc.constantFrom('[click](https://evil.example)', '<at>everyone</at>', '**x**', 'x'.repeat(50_000)),
  );
  fc.assert(
    fc.property(nasty, (name) => {
      const whole = toCard(build(name).model);
      expect(JSON.stringify(whole).length).toBeLessThan(28 * 1024);
      const text = JSON.stringify({ ...whole, actions: [] });
      expect(text).not.toContain('[click](');
      expect(text).not.toMatch(/(?<!\\)<at>/);
    }),
    { numRuns: 200 },
  );
});

test('a long script is cut in chat and complete on the alert’s page', () => {
  const last = 'echo the end';
  const text = `${'echo a line of some length\n'.repeat(1500)}${last}`;
  const script = {
    text,
    sha256: 'a'.repeat(64),
    parameters: [],
    runAs: null,
    redacted: [],
    traits: [],
  };
  const view = untouched({ ...alert, facts: factsAbout(alert.executions[0] as Execution, { script }) });
  const thread = messageOf(view, { responders: true, now: 0 }).thread();
  expect(JSON.stringify(toThreadBlocks(thread))).toContain('The full script is on the alert');
  expect(JSON.stringify(toThreadCard('RW-1.thread', thread)).length).toBeLessThan(28 * 1024);
  expect(pageTextOf(view)).toContain(last);
});
