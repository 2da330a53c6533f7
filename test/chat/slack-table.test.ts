import { messageOf } from '../../src/chat/message';
import { createSlackClient } from '../../src/chat/slack/slack-app';
import { createSlackSurface } from '../../src/chat/slack/slack-surface';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import type { ThreadPart } from '../../src/chat/thread';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { createLog } from '../../src/runtime/log';
import { untouched } from '../support/alerts';
import { event } from '../support/event';
import { type SimulatedSlack, startSlack } from '../support/slack';
import { faultsOfBlocks } from '../support/slack-blocks';

const time = '2026-11-20T10:00:00.000Z';
const storm = (machines: number, name = 'vm'): ThreadPart => {
  const rows = Array.from({ length: machines }, (_, i) => [`${name}-${i}`, 'production', '', { time }]);
  return {
    heading: `${machines} machines`,
    lines: rows.map(([machine, environment]) => [`${machine} · ${environment}`]),
    table: { columns: ['Machine', 'Environment', 'Exit code', 'Time'], rows },
  };
};
// biome-ignore lint/suspicious/noExplicitAny: blocks of any kind
const rowsOf = (blocks: any[]): number => blocks.find(({ type }) => type === 'table')?.rows.length ?? 0;
const textOf = (blocks: unknown[]) => JSON.stringify(blocks);

test.each([
  [12, 13],
  [99, 100],
  [250, 100],
])('%i machines are a table of %i rows, and the rest is text', (machines, rows) => {
  const blocks = toThreadBlocks([storm(machines)]);
  expect(faultsOfBlocks(blocks)).toEqual([]);
  expect(rowsOf(blocks)).toBe(rows);
  const rest = textOf(blocks.filter(({ type }) => type !== 'table'));
  expect(rest.includes(`vm-${rows - 2} ·`)).toBe(false);
  expect(rest.includes(`vm-${machines - 1} ·`)).toBe(machines > 99);
});

test('long names take fewer rows, and a second table is text', () => {
  const blocks = toThreadBlocks([storm(99, 'x'.repeat(90)), storm(12)]);
  expect(faultsOfBlocks(blocks)).toEqual([]);
  expect(rowsOf(blocks)).toBeLessThan(99);
  expect(textOf(blocks)).toContain('vm-11 · production');
});

describe('a Slack without tables', () => {
  let slack: SimulatedSlack;
  beforeEach(async () => {
    slack = await startSlack();
  });
  afterEach(() => slack.stop());

  test('gets the same as text', async () => {
    const client = createSlackClient({ botToken: slack.botToken, apiUrl: slack.apiUrl }, createLog('silent'));
    const surface = createSlackSurface(client, { channel: 'C0SOC0000', rate: 1 });
    const parent = await surface.post({ kind: 'notice', id: 'n', text: 'A storm' }, 'C0SOC0000');
    slack.add({ method: 'chat.postMessage', times: 1, error: 'invalid_blocks' });
    await surface.post({ kind: 'thread', id: 't', parent, parts: [storm(12)] }, 'C0SOC0000');
    const posted = slack.messages.at(-1);
    expect(posted?.threadTs).toBe(parent.message);
    expect(rowsOf(posted?.blocks ?? [])).toBe(0);
    expect(textOf(posted?.blocks ?? [])).toContain('vm-11 · production');
  });
});

test('a column without a value is left out', () => {
  const executions = ['vm-1', 'vm-2'].map((name) => {
    const resourceId = `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/${name}`;
    return executionFrom(event({ id: name, resourceId })) as Execution;
  });
  const thread = messageOf(untouched(newAlert('RW-1', executions, time)), {
    responders: true,
    now: 0,
  }).thread();
  const table = thread.find(({ table }) => table)?.table;
  expect(table?.columns).toEqual(['Machine', 'Outcome', 'Time']);
  expect(table?.rows.map((row) => row.length)).toEqual([3, 3]);
});
