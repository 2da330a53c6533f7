import { messageOf } from '../../src/chat/message';
import { toBlocks } from '../../src/chat/slack/blocks';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import { toCard } from '../../src/chat/teams/card';
import { toThreadCard } from '../../src/chat/teams/thread-card';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import type { Facts, MachineFacts } from '../../src/domain/alerts/facts';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { acknowledge } from '../../src/domain/alerts/transitions';
import type { AuditDraft } from '../../src/domain/audit/audit-chain';
import { type Measure, measureIdOf } from '../../src/domain/measures/measure';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { pageTextOf } from '../support/alert-page';
import { event, vm } from '../support/event';
import { faultsOfBlocks } from '../support/slack-blocks';
import { type OwnStore, startStore } from '../support/store';

const machines = 1200;
const by = { surface: 'slack', id: 'U1', name: 'Alex Kim' } as const;
const start = Date.parse('2026-11-20T22:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

const executions = Array.from({ length: machines }, (_, i) => {
  const resourceId = vm.replace('/vm-1', `/vm-${String(i).padStart(50, 'x')}`);
  return executionFrom(
    event({ resourceId, correlationId: `c${i}`, time: at(i), status: 'succeeded', id: `e${i}` }),
  ) as Execution;
});
const machine: MachineFacts = {
  os: 'Linux',
  power: 'running',
  agent: '2.9.1.1',
  tags: Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`tag-${i}`, 'x'.repeat(50)])),
  environment: 'production',
  publicIps: ['203.0.113.24'],
  openPorts: ['22'],
  encryption: 'platform-managed encryption key',
  locks: [],
  identityCan: ['read secrets (Key Vault Secrets User at kv-pay)'],
  identities: [],
};
/** Half of the machines ran one script, the others one of 30. */
const facts: Facts = {
  machines: Object.fromEntries(executions.map(({ target }) => [target.id.toLowerCase(), machine])),
  scripts: Object.fromEntries(
    executions.slice(0, 30).map(({ key }, i) => [
      key,
      {
        text: `echo ${i}\n`.repeat(2000),
        sha256: String(i).padStart(64, 'a'),
        parameters: [],
        runAs: null,
        redacted: [],
        traits: [],
      },
    ]),
  ),
  runs: Object.fromEntries(
    executions.map(({ key }, i) => [
      key,
      {
        script: (executions[i % 2 ? 0 : i % 30] as Execution).key,
        output: 'x'.repeat(500),
        exitCode: 0,
        redacted: [],
        final: true,
      },
    ]),
  ),
};
const base: Alert = judge({ ...newAlert('RW-1', executions, at(0)), facts }, [], { points: defaultPoints });
const alert: Alert = { ...base, ...acknowledge(base, { by, at: at(60) }) };
const measures = executions.map(
  ({ target: { id, name } }, i): Measure => ({
    id: measureIdOf('isolation', id),
    kind: 'isolation',
    target: id.toLowerCase(),
    name,
    subjects: [`machine:${id.toLowerCase()}`],
    rev: 1,
    state: i % 3 === 0 ? 'failed' : 'in force',
    way: 'do',
    action: 'isolate',
    by,
    at: at(60),
    changedAt: at(60),
    press: 'p1',
    alerts: ['RW-1'],
    before: { interfaces: [] },
    steps: [],
    says: 'Isolated: new connections are denied.',
    reason: i % 3 === 0 ? 'Azure refused the change of its network security group' : '',
    signature: 's',
  }),
);
const view = { alert, measures, approvals: [] };
const model = messageOf(view, {
  responders: true,
  now: start + 3_600_000,
  linkTo: (id) => `https://runwatch.contoso.example/console/alerts/${id}`,
  sla: { critical: { acknowledge: 5, contain: 30 } },
});

test(`Slack takes the message of ${machines} machines, and its thread`, () => {
  expect(model.sentence).toContain(`on ${machines.toLocaleString('en-US')} machines`);
  expect(faultsOfBlocks(toBlocks(model))).toEqual([]);
  const thread = toThreadBlocks(model.thread());
  expect(faultsOfBlocks(thread)).toEqual([]);
  expect(JSON.stringify(thread)).toContain('The rest is in the console.');
});

test('Teams takes its card and its thread, both below 28 KB', () => {
  const sizeOf = (card: unknown) => Buffer.byteLength(JSON.stringify(card));
  for (const dialogs of [true, false]) expect(sizeOf(toCard(model, { dialogs }))).toBeLessThan(28 * 1024);
  expect(sizeOf(toThreadCard('RW-1.thread', model.thread()))).toBeLessThan(28 * 1024);
});

test('its page in the console lists every machine and stays below 3 MB', () => {
  const page = pageTextOf(view);
  for (const { target } of executions) expect(page.includes(target.name)).toBe(true);
  expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
});

describe('in Redis', () => {
  let own: OwnStore;
  beforeAll(async () => {
    own = await startStore(['slack']);
  });
  afterAll(() => own.stop());

  test('its value stays below 8 MB and is read back as it was, and its audit entry below 64 KB', async () => {
    const audit: AuditDraft = {
      at: at(60),
      by,
      action: 'isolate',
      alertId: 'RW-1',
      object: executions.map(({ target }) => target.id).join(', '),
      result: 'done',
      why: executions.map(({ target }) => `${target.name}: isolated`).join('; '),
      details: { machines: executions.map(({ target }) => target) },
    };
    const stored = await own.store.alerts.update('RW-1', () => ({ alert, audit: [audit] }), null);
    expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(8_000_000);
    expect(await own.store.alerts.get('RW-1')).toEqual(stored);
    const [entry] = await own.store.audit.read({ limit: 1 });
    expect(entry).toMatchObject({ alertId: 'RW-1', details: { cut: expect.any(String) } });
    expect(Buffer.byteLength(JSON.stringify(entry))).toBeLessThan(64 * 1024);
  });
});
