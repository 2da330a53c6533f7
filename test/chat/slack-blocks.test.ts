import type { KnownBlock } from '@slack/types';
import fc from 'fast-check';
import { messageOf } from '../../src/chat/message';
import { allModal } from '../../src/chat/slack/all-modal';
import { toBlocks } from '../../src/chat/slack/blocks';
import { formModal } from '../../src/chat/slack/form-modal';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { factsAbout, untouched } from '../support/alerts';
import { event } from '../support/event';
import { excessControls, faultsOfBlocks } from '../support/slack-blocks';

const modalContext = { action: 'all', alertId: 'RW-1', channel: 'C1' };

const nasty = fc.oneof(
  fc.string({ maxLength: 60, unit: 'binary' }),
  fc.constantFrom(
    '<!channel>',
    '<@U1>',
    '<https://evil.example|Acknowledge>',
    '@here',
    ':red_circle: CRITICAL',
    '*bold*',
    '\u202Egnp.exe',
    'a\nb\r\nc',
    '\u001b[31mred\u001b[0m',
    '&lt;!channel&gt;',
    '__proto__',
    'x'.repeat(100_000),
    '\u200b\u200b',
  ),
);

/** The text in which Slack parses mentions and links. */
const mrkdwnOf = (block: KnownBlock): string =>
  block.type === 'section'
    ? (block.text?.text ?? '')
    : block.type === 'context'
      ? block.elements.map((element) => ('text' in element ? element.text : '')).join('\n')
      : '';

const alertOf = (name: string, machine: string, extra: string) => {
  const execution = executionFrom(
    event({
      caller: { id: null, name, type: 'User', ip: extra, appId: null },
      resourceId: `/subscriptions/s/resourceGroups/${extra.replace(/\//g, '')}g/providers/Microsoft.Compute/virtualMachines/${machine.replace(/\//g, '')}v`,
      grantedBy: { role: extra, scope: extra, assignmentId: null },
    }),
  ) as Execution;
  return judge(newAlert('RW-1', [execution], execution.startedAt), [], { points: defaultPoints });
};

test('Slack accepts a message with any untrusted text, and nobody is mentioned', () => {
  fc.assert(
    fc.property(nasty, nasty, nasty, (name, machine, extra) => {
      const blocks = toBlocks(
        messageOf(untouched(alertOf(name, machine, extra)), { responders: true, now: 0 }),
      );
      expect(faultsOfBlocks(blocks)).toEqual([]);
      for (const block of blocks) {
        const text = mrkdwnOf(block);
        const tokens = [...text.matchAll(/<([^>]*)>/g)].map((match) => match[1] ?? '');
        expect(tokens.filter((token) => !token.startsWith('!date^'))).toEqual([]);
        expect(text).not.toMatch(/@(here|channel|everyone)\b/);
        expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u001b]/);
      }
    }),
    { numRuns: 500 },
  );
});

const withFacts = (alert: Alert, text: string): Alert => ({
  ...alert,
  facts: {
    who: {
      name: text,
      jobTitle: text,
      enabled: false,
      guest: true,
      owners: [text],
      application: text,
      signIn: text,
      weakSignIn: true,
      hint: null,
    },
    ...factsAbout(alert.executions[0] as Execution, {
      machine: {
        os: 'Linux',
        power: text,
        agent: text,
        tags: { [text]: text },
        environment: text,
        publicIps: [text],
        openPorts: ['22'],
        encryption: text,
        locks: [text],
        identityCan: [text],
        identities: ['x'],
      },
      script: {
        text: `${text}\n${text}`,
        sha256: 'a'.repeat(64),
        parameters: [text],
        runAs: text,
        redacted: [],
        traits: [{ name: 'downloads and runs', line: 1, text }],
      },
      run: { output: text, exitCode: 1 },
    }),
    history: {
      days: 90,
      onThisMachine: 0,
      newMachines: alert.executions.map(({ target }) => target.id.toLowerCase()),
      byCaller: 3,
      addressSeen: false,
      daily: new Array(30).fill(1),
      usualHour: false,
      refusalsBefore: 2,
      sameScriptAt: null,
    },
    timeline: Array.from({ length: 40 }, () => ({
      at: alert.raisedAt,
      who: text,
      operation: text,
      on: text,
      status: 'succeeded',
      count: 2,
      notable: true,
    })),
    missing: [{ what: 'role assignments', why: text }],
  },
});

test('Slack accepts messages and threads with any text in scripts, tags, answers and timelines', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const model = messageOf(
        untouched(judge(withFacts(alertOf('dana', 'vm-1', 'rg'), text), [], { points: defaultPoints })),
        { responders: true, now: 0 },
      );
      const all = [...toBlocks(model), ...toThreadBlocks(model.thread())];
      expect(faultsOfBlocks(toBlocks(model))).toEqual([]);
      expect(faultsOfBlocks(toThreadBlocks(model.thread()))).toEqual([]);
      expect(model.page().facts.length).toBeGreaterThan(6);
      expect(model.keyFacts).toHaveLength(3);
      expect(excessControls(toBlocks(model))).toEqual([]);
      const inAll = allModal(modalContext, model.page().actions, {}).blocks;
      expect(faultsOfBlocks(inAll, 100)).toEqual([]);
      const written = all.map(mrkdwnOf).join('\n');
      const tokens = [...written.matchAll(/<([^>]*)>/g)].map((match) => match[1] ?? '');
      expect(tokens.filter((token) => !token.startsWith('!date^'))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('without responders, only triage is offered, and one line says so', () => {
  const { page, status } = messageOf(untouched(alertOf('dana', 'vm-1', 'rg')), {
    responders: false,
    now: 0,
  });
  const { actions } = page();
  expect(actions.find((action) => action.id === 'isolate')).toBeUndefined();
  expect(JSON.stringify(status)).toContain('No responders are configured, so only triage is available');
  expect(actions.find((action) => action.id === 'acknowledge')?.label).toBe('Acknowledge');
});

test('a form shows :name: in a choice as typed, not as an emoji', () => {
  const choices = [{ value: 'a', label: ':fire: vm' }];
  const fields = [
    { id: 'machine', label: ':x:', kind: 'choice' as const, value: 'a', optional: true, choices },
  ];
  const view = formModal(modalContext, { title: ':x:', intro: '', fields, submit: 'Save' });
  const texts = JSON.stringify(view).match(/\{"type":"plain_text"[^}]*\}/g) ?? [];
  expect(texts.length).toBeGreaterThan(4);
  expect(texts.filter((text) => !text.includes('"emoji":false'))).toEqual([]);
});
