import { writeFileSync } from 'node:fs';
import { createStore } from '../../src/store/store';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

let bench: Bench;
let to: { url: string };
afterEach(() => bench.stop());

async function begin(policy = '{}') {
  bench = await setUp({ mode: 'http' });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, policy);
  const app = await bench.start({ RUNWATCH_CONFIG: file });
  to = { url: app.url as string };
}
const run = (resourceId: string, extra: Record<string, unknown> = {}) => runOn(bench, resourceId, extra);
const on = (machine: string) => alertOn(bench, machine);

test('one press saves an exception owned by the presser; what it covers is recorded, not posted; Undo removes it', async () => {
  await begin();
  const { slack, world } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  await slack.choose(message, 'quick_exception', 'This caller on this machine: 7 days', 'U0SAM0000', to);
  await until('closed', () => textOf(message).includes('Closed as expected'));
  const store = createStore(bench.redis.address, []);
  const [exception] = await store.exceptions.list();
  expect(exception).toMatchObject({
    owner: 'sam@contoso.example',
    match: { technique: 'run-command', target: world.vms.pay01 },
  });
  expect(Math.round((Date.parse(exception?.expires ?? '') - Date.now()) / 86_400_000)).toBe(7);
  run(world.vms.pay01, { at: Date.now() - 30_000 });
  await until('the suppressed one', async () => (await store.exceptions.uses(exception?.id ?? '')) === 1);
  expect(slack.alerts()).toHaveLength(1);
  await slack.press(message, 'undo_exception', 'U0SAM0000', to);
  await until('open again', () => !textOf(message).includes('Closed as expected'));
  expect(await store.exceptions.list()).toEqual([]);
  run(world.vms.pay01, { at: Date.now() - 10_000 });
  await until('the next is posted', () => slack.alerts().length >= 2);
  await store.close();
});

test('routes send alerts to channels by environment and severity', async () => {
  await begin(
    'environments: {production: {tags: {env: prod}}}\nroutes:\n  - {when: {environment: production}, slack: C0OTHER00}\n',
  );
  run(bench.world.vms.pay01);
  run(bench.world.vms.test01, { caller: bench.world.people.kim });
  expect((await on('vm-pay-01')).channel).toBe('C0OTHER00');
  expect((await on('vm-test-01')).channel).toBe('C0SOC0000');
});

test('routes send alerts to channels by management group', async () => {
  await begin('routes:\n  - {when: {managementGroup: Production, technique: run-*}, slack: C0OTHER00}\n');
  run(bench.world.vms.pay01);
  run(bench.world.vms.test01, { caller: bench.world.people.kim });
  expect((await on('vm-pay-01')).channel).toBe('C0OTHER00');
  expect((await on('vm-test-01')).channel).toBe('C0SOC0000');
});

test('a configured technique is detected, scored, filtered and excepted like a built-in one', async () => {
  const operation = 'Microsoft.Compute/virtualMachines/assessPatches/action';
  await begin(`techniques:
  - id: assess-patches
    title: Patch assessment
    verb: assessed patches
    score: 52
    mitre: [T1651]
    operations: [${operation}]
    examples: {match: [${operation}], noMatch: [Microsoft.Compute/virtualMachines/read]}
`);
  const { slack, world } = bench;
  run(world.vms.pay01, { name: operation });
  const message = await on('vm-pay-01');
  expect(textOf(message)).toContain('assessed patches');
  const page = await (await fetch(`${to.url}/console?technique=assess-patches`)).text();
  expect(page).toContain('Patch assessment');
  expect(page).toContain('vm-pay-01');
  await slack.press(message, 'add_exception', 'U0SAM0000', to);
  const opened = await until('the modal', () => slack.views[0]);
  expect(JSON.stringify(opened.view)).toContain('Patch assessment');
});

test('the form shows what the exception would have suppressed, before and after it is saved', async () => {
  await begin();
  const { slack, world } = bench;
  run(world.vms.pay01);
  run(world.vms.pay02);
  await until('all', () => slack.alerts().length === 2);
  await slack.press(await on('vm-pay-01'), 'add_exception', 'U0SAM0000', to);
  const opened = await until('the modal', () => slack.views[0]);
  expect(JSON.stringify(opened.view)).toMatch(
    /would have suppressed 1 of the 2 alerts of the last 30 days: RW-/,
  );
  await slack.submit(opened, 'U0SAM0000', to, { target: 'vm-pay-*' });
  await until('the answer', () =>
    slack.whispers.some((w) => /is saved until .* would have suppressed 2 of the 2/.test(w.text)),
  );
});

test('the home page shows my alerts, unassigned alerts, and when each subscription was read', async () => {
  await begin();
  const { slack, world } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  await slack.press(message, 'assign', 'U0SAM0000', to);
  await until('assigned', () => textOf(message).includes('Assigned to'));
  expect(await slack.openHome('U0SAM0000', to)).toBe(200);
  const home = JSON.stringify(await until('the page', () => slack.homes.get('U0SAM0000')));
  expect(home).toMatch(/My alerts \(1\)/);
  expect(home).toMatch(/Unassigned \(0\)/);
  expect(home).toMatch(/Payments: last read/);
});

test('members of an Entra group, matched by email, may act; others may not', async () => {
  bench = await setUp({ mode: 'http' });
  bench.slack.users.set('U0DANA000', { name: 'Dana', email: bench.world.people.dana.login });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  const app = await bench.start({ RUNWATCH_RESPONDERS: `entra-group:${bench.world.groups.oncall.id}` });
  to = { url: app.url as string };
  run(bench.world.vms.pay01, { caller: bench.world.people.kim });
  const message = await on('vm-pay-01');
  await bench.slack.press(message, 'acknowledge', 'U0SAM0000', to);
  await until('the refusal', () => bench.slack.whispers.some((w) => /not among/.test(w.text)));
  await bench.slack.press(message, 'acknowledge', 'U0DANA000', to);
  await until('acknowledged', () => textOf(message).includes('Acknowledged by *Dana*'));
});

test('a route can post to another workspace, and buttons work there too', async () => {
  bench = await setUp({ mode: 'http' });
  const { slack, world } = bench;
  slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  slack.channels.add('C0SECOND0');
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(
    file,
    'workspaces: {T2: SLACK_SECOND}\nroutes:\n  - {when: {subscription: 5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01}, slack: T2/C0SECOND0}\n',
  );
  const app = await bench.start({ RUNWATCH_CONFIG: file, SLACK_SECOND: slack.secondToken });
  to = { url: app.url as string };
  await app.historyFilled();
  run(world.vms.pay01);
  run(world.vms.test01, { caller: world.people.kim });
  const far = await on('vm-pay-01');
  expect([far.team, far.channel]).toEqual(['T2', 'C0SECOND0']);
  expect((await on('vm-test-01')).team).toBe('T1');
  await slack.press(far, 'acknowledge', 'U0SAM0000', to);
  await until('acknowledged there', () => textOf(far).includes('Acknowledged by *Sam Ortiz*'));
  await slack.press(far, 'show_roles', 'U0SAM0000', to);
  await until('answered there', () =>
    slack.whispers.some((w) => w.channel === 'C0SECOND0' && /role assignments?/.test(w.text)),
  );
});
