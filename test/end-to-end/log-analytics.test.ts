import { createAzure } from '../../src/azure/azure';
import { replay } from '../../src/commands/replay';
import type { Output } from '../../src/commands/support/output';
import { runCommand } from '../../src/demo/scenarios';
import { loadConfig } from '../../src/load-config';
import { createStore } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';

const workspaceId = '0f0f0f0f-1111-4222-8333-444444444444';
const day = 86_400_000;

let bench: Bench;
beforeEach(async () => {
  bench = await setUp({ mode: 'none' });
  bench.env.LOG_ANALYTICS_WORKSPACE_ID = workspaceId;
});
afterEach(() => bench.stop());

const run = (daysAgo: number, name = runCommand) =>
  bench.tenant.log({
    name,
    resourceId: bench.world.vms.pay01,
    caller: bench.world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - daysAgo * day,
    tookMs: 5000,
  });

async function hunt(flags: Partial<Parameters<typeof replay>[1]> = {}) {
  const config = loadConfig(bench.env);
  const out: string[] = [];
  const err: string[] = [];
  const output = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    interactive: false,
    color: false,
  };
  const code = await replay(
    [],
    { format: 'auto', json: true, workspace: true, ...flags },
    config,
    output as Output,
    async () =>
      createAzure(config, {
        tlsOptions: { ca: bench.tenant.ca },
        logAnalyticsEndpoint: bench.tenant.endpoint,
      }),
  );
  return { code, err, alerts: out.map((line) => JSON.parse(line)) };
}
const asked = () => bench.tenant.requests.filter(({ path }) => path.startsWith('/v1/workspaces/'));

test('hunting finds executions that Azure’s own log no longer has, and no other operations', async () => {
  bench.tenant.state.workspaces.set(workspaceId, { since: Date.now() - 400 * day, mostRows: 500_000 });
  for (const daysAgo of [300, 120, 2]) run(daysAgo);
  run(5, 'Microsoft.Compute/virtualMachines/start/action');
  const { code, alerts, err } = await hunt({ days: 365, failOnAlert: true });
  expect(code).toBe(3);
  expect(
    alerts.map(({ status, events, caller }) => `${status} ${events} ${caller.name} ${caller.ip}`),
  ).toEqual(Array(3).fill('succeeded 3 dana.reyes@contoso.example 203.0.113.24'));
  expect(err).toEqual(['9 records, 3 alerts, 0 suppressed, 0 unreadable']);
  expect((await hunt({ days: 30 })).alerts).toHaveLength(1);
});

test('hunting starts at --since, and reports where it stopped if the workspace fails', async () => {
  bench.tenant.state.workspaces.set(workspaceId, { since: 0, mostRows: 500_000 });
  for (const daysAgo of [20, 12, 2]) run(daysAgo);
  const since = new Date(Date.now() - 15 * day).toISOString();
  expect((await hunt({ since })).alerts).toHaveLength(2);
  let weeks = 0;
  bench.tenant.faults.add({
    when: /v1\/workspaces/,
    only: () => ++weeks > 1,
    status: 403,
    code: 'InsufficientAccessError',
  });
  const { code, alerts, err } = await hunt({ days: 21 });
  expect(code).toBe(1);
  expect(alerts).toHaveLength(1);
  const goOn = /continue with --since (\S+)/.exec(err.join('\n'))?.[1] ?? '';
  expect(Math.round((Date.now() - Date.parse(goOn)) / day)).toBe(14);
});

test('a query with too many rows is split in halves', async () => {
  bench.tenant.state.workspaces.set(workspaceId, { since: 0, mostRows: 10 });
  for (let i = 0; i < 20; i++) run(1.5 + i / 100);
  const { alerts } = await hunt({ days: 3 });
  expect(alerts.map(({ events }) => events)).toEqual(Array(20).fill(3));
});

test('an unreadable or invalid workspace gives a one-line error', async () => {
  await expect(hunt()).rejects.toThrow(/insufficient access.*; grant/);
  await expect(hunt({ workspace: 'soc' })).rejects.toThrow(/--workspace: got soc, expected/);
});

test('history comes from the workspace as far back as it is complete, and from the log before that', async () => {
  bench.tenant.state.workspaces.set(workspaceId, { since: Date.now() - 30 * day, mostRows: 500_000 });
  run(29);
  run(60);
  const app = await bench.start({ AZURE_SUBSCRIPTION_IDS: bench.world.vms.pay01.split('/')[2] as string });
  await app.historyFilled();
  const store = createStore(bench.redis.address, []);
  const past = await store.history.before(bench.world.people.dana.id, Date.now());
  await store.close();
  expect(past.map(({ at }) => Math.round((Date.now() - at) / day))).toEqual([60, 29]);
  expect(asked().map(({ body }) => (body as { query: string }).query.includes('summarize'))).toEqual([
    true,
    ...Array(4).fill(false),
  ]);
  const filling = bench.tenant.requests.filter(
    ({ path, query }) =>
      path.includes('eventtypes') &&
      Date.parse(/ge '([^']+)'/.exec(decodeURIComponent(query.replace(/\+/g, ' ')))?.[1] ?? '') <
        Date.now() - day,
  );
  expect(filling.length).toBe(9);
});
