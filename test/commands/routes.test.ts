import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoutesTestFlags } from '../../src/commands/routes';
import { testRoutes } from '../../src/commands/routes';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const policy = `environments:
  production: {tags: {env: prod}}
routes:
  - {when: {technique: vm-*, severity: [high, critical]}, slack: C0EXT0000}
  - {when: {managementGroup: Production}, slack: C0PROD000, teams: 19:prod}
  - {when: {environment: production, hours: {days: mon-fri, from: "18:00", to: "08:00", zone: Europe/Berlin}}, slack: C0NIGHT00}
`;

let own: OwnStore;
let env: Record<string, string>;
beforeAll(async () => {
  own = await startStore(['slack']);
  const file = join(own.dir, 'policy.yaml');
  writeFileSync(file, policy);
  env = { RUNWATCH_CONFIG: file, RUNWATCH_DATA_DIR: own.dir };
});
afterAll(() => own.stop());

const run = async (flags: RoutesTestFlags) => {
  const out: string[] = [];
  const err: string[] = [];
  const output = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  await testRoutes(flags, loadConfig(env), { ...output, interactive: false, color: false });
  return { out, err };
};

test('it names the channel, the route and its conditions, and what did not hold before', async () => {
  const { out } = await run({
    severity: 'high',
    technique: 'run-command',
    tag: { env: 'prod' },
    at: '2026-11-26T03:00:00Z',
  });
  expect(out).toEqual([
    'slack: C0NIGHT00, by route 3: environment production and hours mon-fri 18:00 to 08:00 Europe/Berlin',
    '  not route 1: technique: got run-command, expected vm-*',
    '  not route 2: managementGroup: got none, expected Production',
    'teams: the default channel; no route matches',
    '  not route 1: technique: got run-command, expected vm-*',
    '  not route 2: managementGroup: got none, expected Production',
    '  not route 3: it names no channel for teams',
  ]);
});

test('--json prints one object per chat', async () => {
  const { out } = await run({ managementGroup: ['production'], severity: 'low', json: true });
  expect(out.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      surface: 'slack',
      channel: 'C0PROD000',
      route: 2,
      when: 'managementGroup Production',
      before: [
        {
          route: 1,
          unmet: [
            { condition: 'severity', got: ['low'], expected: 'high or critical' },
            { condition: 'technique', got: [], expected: 'vm-*' },
          ],
        },
      ],
    }),
    expect.objectContaining({ surface: 'teams', channel: '19:prod', route: 2 }),
  ]);
});

test('a stored alert is routed with the management groups that discovery stored, or the reason there are none', async () => {
  const executions = [executionFrom(event()) as Execution];
  const alert = newAlert('RW-1', executions, '2026-11-20T22:15:00Z');
  await own.store.alerts.update('RW-1', () => ({ alert }), null);
  const { polls } = own.store;
  const subscription = event().subscriptionId;
  const store = (above: { id: string; name: string }[] | null, error: string | null) =>
    polls.putManagementGroups(new Map([[subscription, { above, error }]]));
  expect((await run({ alert: 'RW-1' })).err).toEqual([
    `management groups of subscription ${subscription} are unknown: not read yet`,
  ]);
  await store(null, 'management groups: denied');
  const denied = await run({ alert: 'RW-1' });
  expect(denied.err.join()).toContain('are unknown: management groups: denied');
  expect(denied.out.join()).toContain('managementGroup: got unknown, expected Production');
  await store([{ id: 'mg-production', name: 'Production' }], null);
  const { out, err } = await run({ alert: 'RW-1' });
  expect(err).toEqual([]);
  expect(out[0]).toBe('slack: C0PROD000, by route 2: managementGroup Production');
});

test('wrong usage', async () => {
  await expect(run({})).rejects.toMatchObject({ exitCode: 2 });
  await expect(run({ technique: 'run-comand' })).rejects.toMatchObject({ exitCode: 2 });
  await expect(run({ alert: 'RW-none' })).rejects.toMatchObject({ exitCode: 1 });
});

test.each([
  [['--severity', 'high', '--at', '2026-11-26T03:00Z'], 0, ''],
  [['--severity', 'urgent'], 2, 'Allowed choices are low, medium, high, critical'],
  [['--tag', 'env'], 2, 'Expected NAME=VALUE'],
  [['--at', 'tonight'], 2, 'Expected a time'],
  [['--alert', 'RW-1', '--severity', 'high'], 2, 'cannot be used with'],
  [[], 2, 'expected --alert, or a condition'],
])('runwatch routes test %j exits with %i', (args, code, says) => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [join(__dirname, '../../dist/cli.js'), 'routes', 'test', ...args],
    { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } },
  );
  expect(stderr).toContain(says);
  expect(status).toBe(code);
  expect(stdout.includes('slack: ')).toBe(code === 0);
});
