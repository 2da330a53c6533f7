import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { addException } from '../../src/commands/exceptions/exceptions';
import { importExceptions } from '../../src/commands/exceptions/exceptions-files';
import { loadConfig } from '../../src/load-config';
import { createQueues } from '../../src/pipeline/queues';
import { createPress } from '../../src/presses/press';
import { createKeyring } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import { readSecretFile } from '../../src/store/redis/secret-file';
import { createStore, type Store } from '../../src/store/store';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import type { SimulatedUser } from '../support/slack';
import { until } from '../support/wait';

let bench: Bench;
let store: Store;
afterEach(async () => {
  await store?.close();
  await bench.stop();
});

async function begin(mode: 'http' | 'socket', extra: Record<string, string> = {}) {
  bench = await setUp({ mode });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  bench.slack.users.set('U0LEE0000', { name: 'Lee Chan', email: 'lee@contoso.example' });
  bench.slack.users.set('U0DANA000', { name: 'Dana Reyes', email: bench.world.people.dana.login });
  const app = await bench.start(extra);
  if (mode === 'socket') await until('the socket', () => bench.slack.connected());
  store = createStore(bench.redis.address, []);
  return mode === 'socket' ? ('socket' as const) : { url: app.url as string };
}
const audit = async () =>
  (await store.audit.read()).map((entry) => `${entry.by.id} ${entry.action} ${entry.result}`);
const writes = () => bench.tenant.requests.filter(({ method }) => method !== 'GET' && method !== 'POST');

describe.each(['http', 'socket'] as const)('presses in Slack over %s', (mode) => {
  test.each<[string, SimulatedUser, RegExp]>([
    [
      'another workspace',
      { name: 'Eve', email: 'sam@contoso.example', team: 'T9' },
      /another Slack workspace/,
    ],
    ['a guest', { name: 'Eve', email: 'sam@contoso.example', guest: true }, /Guests cannot/],
    ['a bot', { name: 'Eve', email: 'sam@contoso.example', bot: true }, /Bots cannot/],
    ['a deactivated account', { name: 'Eve', email: 'sam@contoso.example', deleted: true }, /deactivated/],
    [
      'an unconfirmed email',
      { name: 'Eve', email: 'sam@contoso.example', confirmed: false },
      /not among the responders/,
    ],
  ])('%s with a responder’s email can do nothing, is told why and is audited', async (_, user, told) => {
    const to = await begin(mode, { RUNWATCH_RESPONDERS: 'sam@contoso.example' });
    const { slack, world } = bench;
    slack.users.set('U0EVE0000', user);
    runOn(bench, world.vms.pay01);
    const message = await alertOn(bench, 'vm-pay-01');
    for (const action of ['isolate', 'acknowledge']) {
      await slack.press(message, action, 'U0EVE0000', to);
      await until(`the refusal of ${action}`, async () =>
        (await audit()).includes(`U0EVE0000 ${action} refused`),
      );
    }
    expect(slack.whispers.filter((w) => w.user === 'U0EVE0000').every((w) => told.test(w.text))).toBe(true);
    expect(writes()).toEqual([]);
    await slack.press(message, 'isolate', 'U0SAM0000', to);
    await until('isolated by Sam', () => textOf(message).includes('Isolated:'));
  });
});

test('the caller of an alert can only answer once and add notes, even as a responder', async () => {
  const to = (await begin('http', { TEAMS_LOCAL: '1' })) as { url: string };
  const { slack, world } = bench;
  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  const alertId = message.metadata?.event_payload.alert_id as string;
  await slack.press(message, 'isolate', 'U0SAM0000', to);
  await until('isolated', () => textOf(message).includes('Isolated:'));
  await slack.press(message, 'ask_caller', 'U0SAM0000', to);
  const question = await until('the question', () =>
    slack.messages.find(({ channel }) => channel === 'U0DANA000'),
  );
  const forged = (action: string, value: string) =>
    slack.interact(
      {
        team: { id: 'T1', domain: 'contoso' },
        user: { id: 'U0DANA000', name: 'dana', team_id: 'T1' },
        api_app_id: 'A1',
        type: 'block_actions',
        trigger_id: `${Date.now()}.1.x`,
        channel: { id: 'C0SOC0000', name: 'soc' },
        actions: [{ type: 'button', action_id: action, block_id: 'x', value, action_ts: randomUUID() }],
      },
      to,
    );
  for (const action of ['release', 'acknowledge', 'revoke_role', 'show_roles', 'lock']) {
    await forged(action, alertId);
    await until(`${action} refused`, async () => (await audit()).includes(`U0DANA000 ${action} refused`));
  }
  expect(
    slack.whispers
      .filter(({ user }) => user === 'U0DANA000')
      .every(({ text }) => /you may only answer/.test(text)),
  ).toBe(true);
  // The client controls what a Teams card sends back: an answer next to another verb grants nothing.
  const teams = (verb: string, data: Record<string, unknown>) =>
    fetch(`${to.url}/api/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        type: 'invoke',
        id: randomUUID(),
        name: 'adaptiveCard/action',
        channelId: 'msteams',
        serviceUrl: 'http://127.0.0.1:9/',
        from: { id: '29:dana', name: 'Dana', aadObjectId: world.people.dana.id },
        recipient: { id: '28:bot' },
        conversation: { id: 'c', conversationType: 'channel' },
        value: { action: { type: 'Action.Execute', verb, data } },
      }),
    });
  await teams('release', { alertId, answer: 'x' });
  await until('the refusal in Teams', async () =>
    (await audit()).includes(`${world.people.dana.id} release refused`),
  );
  expect(textOf(message)).toContain('Isolated:');

  await slack.press(question, 'caller_no', 'U0DANA000', to);
  await until('the answer', () => textOf(message).includes('answered: no'));
  await slack.press(question, 'caller_yes', 'U0DANA000', to);
  await until('the first answer counts', () =>
    slack.whispers.some(({ text }) => text.includes('You already answered no')),
  );
  expect((await store.alerts.get(alertId))?.triage.asked?.answer).toBe('no');
  await slack.press(question, 'caller_automation', 'U0LEE0000', to);
  await until('another user refused', async () => (await audit()).includes('U0LEE0000 answer refused'));
});

test('members of the alert channel may read; outsiders, guests and bots never may', async () => {
  const to = (await begin('http', { RUNWATCH_RESPONDERS: 'nobody@contoso.example' })) as { url: string };
  const { slack } = bench;
  slack.users.set('U0OUT0000', { name: 'Outsider', email: 'out@contoso.example' });
  slack.users.set('U0GUEST00', { name: 'Guest', email: 'guest@contoso.example', guest: true });
  slack.users.set('U0BOT0000', { name: 'Bot', bot: true });
  slack.users.set('U0EVE0000', { name: 'Eve', team: 'T9' });
  slack.outsiders.add('U0OUT0000');
  const answerTo = async (user: string) => {
    const before = slack.whispers.length;
    await slack.command('/runwatch', 'exceptions', user, to);
    return until('an answer', () => slack.whispers.slice(before).find((w) => w.user === user)?.text);
  };
  const homeOf = async (user: string) => {
    slack.homes.delete(user);
    await slack.openHome(user, to);
    return JSON.stringify(await until('a home', () => slack.homes.get(user)));
  };
  expect(await answerTo('U0SAM0000')).toMatch(/There are no active exceptions/);
  expect(await homeOf('U0SAM0000')).toContain('My alerts');
  for (const [user, told] of [
    ['U0OUT0000', /may not read alerts here/],
    ['U0GUEST00', /Guests cannot/],
    ['U0BOT0000', /Bots cannot/],
    ['U0EVE0000', /another Slack workspace/],
  ] as const) {
    expect(await answerTo(user)).toMatch(told);
    const home = await homeOf(user);
    expect(home).toMatch(told);
    expect(home).not.toContain('My alerts');
    const views = slack.views.length;
    await slack.shortcut('add_to_alert', { channel: 'C0SOC0000', ts: '1.1', text: 'x' }, user, to);
    expect(slack.views).toHaveLength(views);
  }
});

test('RUNWATCH_READERS replaces channel membership; responders may always read', async () => {
  const to = (await begin('http', {
    RUNWATCH_READERS: 'out@contoso.example',
    RUNWATCH_RESPONDERS: 'U0LEE0000',
  })) as { url: string };
  const { slack } = bench;
  slack.users.set('U0OUT0000', { name: 'Outsider', email: 'out@contoso.example' });
  slack.outsiders.add('U0OUT0000').add('U0LEE0000');
  const reads = async (user: string) => {
    const before = slack.whispers.length;
    await slack.command('/runwatch', 'exceptions', user, to);
    const text = await until(
      'an answer',
      () => slack.whispers.slice(before).find((w) => w.user === user)?.text,
    );
    return /active exceptions/i.test(text);
  };
  expect([await reads('U0OUT0000'), await reads('U0LEE0000'), await reads('U0SAM0000')]).toEqual([
    true,
    true,
    false,
  ]);
});

test('a scope that reaches into another path is rejected', async () => {
  const to = (await begin('http')) as { url: string };
  const { slack, tenant } = bench;
  const subscription = '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01';
  const asked = async (text: string) => {
    const before = slack.whispers.length;
    await slack.command('/runwatch', text, 'U0SAM0000', to);
    return until('an answer', () => slack.whispers[before]?.text);
  };
  const requests = tenant.requests.length;
  for (const scope of [
    `/subscriptions/${subscription}/../../providers/Microsoft.Management/x?x=`,
    `/subscriptions/${subscription}?api-version=2015-07-01`,
    `/subscriptions/${subscription}/resourceGroups/..`,
    `/subscriptions/${subscription}/resourceGroups/a%2f..%2fb`,
    `/subscriptions/${subscription}#`,
    `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Compute/../x/y/z`,
  ]) {
    expect(await asked(`who-can ${scope}`)).toContain('Enter a scope');
    expect(await asked(`roles dana.reyes@contoso.example ${scope}`)).toContain('Enter a scope');
  }
  expect(tenant.requests.slice(requests).filter(({ path }) => /\.\.|roleAssignments/.test(path))).toEqual([]);
  expect(await asked(`who-can /subscriptions/${subscription}/resourceGroups/rg-payments`)).toContain(
    'can run commands at',
  );
});

test('a forged job in Redis isolates nothing; nor does a press for another machine or an expired one', async () => {
  await begin('http', { RUNWATCH_RESPONDERS: '*' });
  const { slack, world } = bench;
  runOn(bench, world.vms.pay01);
  runOn(bench, world.vms.test01);
  const message = await alertOn(bench, 'vm-pay-01');
  const alertId = message.metadata?.event_payload.alert_id as string;
  const other = await alertOn(bench, 'vm-test-01');
  const log = createLog('silent');
  const queues = createQueues(bench.redis.address, log);
  const by = { surface: 'slack' as const, id: 'U0SAM0000', name: 'Sam Ortiz', team: 'T1' };
  const keyring = createKeyring({
    current: readSecretFile(bench.env.RUNWATCH_DATA_DIR ?? ''),
    previous: null,
  });
  const signed = async (at: number, from = keyring) => {
    let job: Record<string, unknown> = {};
    await createPress({
      queues: {
        respond: {
          add: async (_, data) => {
            job = { ...data };
          },
        },
      },
      now: () => at,
      keyring: from,
      getAlert: store.alerts.get,
      secretMatches: async () => true,
    })({ alertId, action: 'isolate', by, nonce: randomUUID() });
    return job;
  };
  const good = await signed(Date.now());
  const { signature: _, ...unsigned } = good;
  const guessed = createKeyring({ current: 'guessed by somebody who can write Redis', previous: null });
  const forgeries: Record<string, unknown>[] = [
    { ...unsigned, pressId: 'f1' },
    { ...good, pressId: 'f2' },
    { ...good, alertId: other.metadata?.event_payload.alert_id },
    { ...good, by: { ...by, id: 'U0LEE0000' } },
    { ...good, by: { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' } },
    { ...good, action: 'lock' },
    { ...good, input: { keep: '203.0.113.0/24' } },
    { ...good, at: new Date(Date.now() + 1000).toISOString() },
    { ...good, target: world.vms.test01.toLowerCase() },
    await signed(Date.now(), guessed),
    await signed(Date.now() - 25 * 3_600_000),
    { nothing: 'of a press' },
  ];
  for (const [index, job] of forgeries.entries())
    await queues.respond.add('isolate', job as never, { jobId: `forged-${index}` });
  await until(
    'all jobs were processed',
    async () => (await queues.respond.getJobCountByTypes('waiting', 'active', 'delayed')) === 0,
  );
  await until(
    'all but the last are audited',
    async () => (await audit()).filter((line) => line.endsWith('refused')).length >= 10,
  );
  expect((await audit()).filter((line) => line.endsWith('done'))).toEqual([]);
  expect(writes()).toEqual([]);
  expect((await store.rejectedPresses.list()).map(({ action }) => action)).toContain('isolate');
  await until('the notice', () => slack.messages.some(({ text }) => /Please press again/.test(text)));
  await queues.respond.add('isolate', good as never, { jobId: 'good' });
  await until('the valid job', () => textOf(message).includes('Isolated:'));
  await queues.close();
});

test('a process with a different secret watches but does not act', async () => {
  await begin('http', { RUNWATCH_SECRET: 'the secret that the others have, long enough' });
  const { slack, world } = bench;
  const odd = await bench.start(
    { RUNWATCH_SECRET: 'another secret that somebody mistyped', SLACK_CHANNEL: 'C0OTHER00' },
    ['poll', 'enrich', 'serve'],
  );
  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  await slack.press(message, 'acknowledge', 'U0SAM0000', { url: odd.url as string }).catch(() => null);
  const counts = createQueues(bench.redis.address, createLog('silent'));
  expect(await counts.respond.getJobCountByTypes('waiting', 'active', 'delayed', 'failed')).toBe(0);
  await counts.close();
  expect(textOf(message)).not.toContain('Acknowledged by');
});

test('with four-eyes approval, the first press is audited as asked, not as done', async () => {
  bench = await setUp({ mode: 'http' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, 'fourEyes: [isolate]');
  const app = await bench.start({ RUNWATCH_CONFIG: file });
  const to = { url: app.url as string };
  store = createStore(bench.redis.address, []);
  runOn(bench, bench.world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  await bench.slack.press(message, 'isolate', 'U0SAM0000', to);
  await until('asked', async () => (await audit()).includes('U0SAM0000 isolate asked'));
  await bench.slack.press(message, 'isolate', 'U0LEE0000', to);
  await until('isolated', () => textOf(message).includes('Isolated:'));
  expect((await audit()).filter((line) => !line.startsWith('runwatch'))).toEqual([
    'U0SAM0000 isolate asked',
    'U0LEE0000 approve done',
    'U0SAM0000 isolate started',
    'U0SAM0000 isolate done',
  ]);
});

test('broad exceptions from the command line need two approvals, and none can last forever', async () => {
  const to = (await begin('http', { RUNWATCH_RESPONDERS: 'U0SAM0000,U0LEE0000' })) as { url: string };
  const { slack } = bench;
  const config = loadConfig({ ...bench.env, RUNWATCH_RESPONDERS: 'U0SAM0000,U0LEE0000' });
  const said: string[] = [];
  const output = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) } as never;
  const soon = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  const add = (fields: object) =>
    addException({ reason: 'r', owner: 'o', expires: soon, ...fields } as never, config, output);
  await expect(
    add({ caller: ['patch@contoso.example'], target: ['vm-web-1'], expires: '2199-01-01' }),
  ).rejects.toMatchObject({ exitCode: 2 });
  await expect(
    add({ caller: ['patch@contoso.example'], target: ['vm-web-1'], expires: '2020-01-01' }),
  ).rejects.toMatchObject({ exitCode: 2 });
  await add({ caller: ['patch@contoso.example'], target: ['vm-web-1'] });
  expect(await store.exceptions.list()).toHaveLength(1);
  expect(said.join()).not.toMatch(/will not match/);
  await add({ caller: ['*'] });
  expect(said.join()).toMatch(/is not active/);
  const file = `${bench.env.RUNWATCH_DATA_DIR}/exceptions.yaml`;
  const entry = (id: string, more: string) =>
    `  - {id: ${id}, reason: r, owner: o, expires: ${soon}, ${more}}\n`;
  writeFileSync(
    file,
    `exceptions:\n${entry('loud', 'match: {caller: a@b.example, target: vm-web-2}, silenceCritical: true')}`,
  );
  await importExceptions(file, {}, config, output);
  writeFileSync(
    file,
    `exceptions:\n${entry('ok', 'match: {caller: a@b.example, target: vm-web-3}')}${entry('old', 'match: {target: vm-web-4}').replace(soon, '2020-01-01')}`,
  );
  await expect(importExceptions(file, {}, config, output)).rejects.toMatchObject({ exitCode: 2 });
  expect(await store.exceptions.list()).toHaveLength(1);

  const notice = await until('the question', () =>
    slack.messages.find(({ text }) => /requests an exception.*names no caller/s.test(text)),
  );
  await slack.press(notice, 'approve', 'U0KIM0000', to);
  await until('a non-responder refused', async () => (await audit()).includes('U0KIM0000 approve refused'));
  await slack.press(notice, 'approve', 'U0SAM0000', to);
  await until('the first of two', async () => (await audit()).includes('U0SAM0000 approve asked'));
  await slack.press(notice, 'approve', 'U0SAM0000', to);
  await until(
    'the refusal of a second press by the same person',
    async () => (await audit()).filter((line) => line === 'U0SAM0000 approve refused').length === 1,
  );
  expect(await store.exceptions.list()).toHaveLength(1);
  await slack.press(notice, 'approve', 'U0LEE0000', to);
  await until('in force', async () =>
    (await store.exceptions.list()).some(({ match }) => JSON.stringify(match).includes('"*"')),
  );
  const second = await until('the other question', () =>
    slack.messages.find(({ text }) => /suppresses critical/.test(text)),
  );
  await slack.press(second, 'decline', 'U0LEE0000', to);
  await until('declined', async () => (await audit()).includes('U0LEE0000 decline done'));
  expect((await store.exceptions.list()).some(({ id }) => id === 'loud')).toBe(false);
});

test('without anyone to approve, the command line rejects a broad exception', async () => {
  await begin('http');
  const { SLACK_BOT_TOKEN: _a, SLACK_CHANNEL: _b, ...env } = bench.env;
  const config = loadConfig(env);
  const add = addException(
    {
      caller: ['*'],
      reason: 'r',
      owner: 'o',
      expires: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
    },
    config,
    { out: () => {}, err: () => {} } as never,
  );
  await expect(add).rejects.toMatchObject({ exitCode: 2 });
  expect(await store.exceptions.list()).toEqual([]);
});

test('a reused correlation id hides no execution, neither under a closed alert nor from another caller', async () => {
  await begin('http');
  const { slack, world, tenant } = bench;
  const correlationId = randomUUID();
  const run = (caller: (typeof world.people)['dana'], at: number) =>
    tenant.log({
      name: 'Microsoft.Compute/virtualMachines/runCommand/action',
      resourceId: world.vms.pay01,
      caller,
      ip: '203.0.113.24',
      at,
      tookMs: 2000,
      correlationId,
    } as never);
  run(world.people.dana, Date.now() - 120_000);
  await alertOn(bench, 'vm-pay-01');
  const [first] = await store.alerts.list();
  await store.alerts.update(first?.id ?? '', (alert) => alert && { alert: { ...alert, state: 'closed' } });
  run(world.people.dana, Date.now() - 60_000);
  await until('a second alert of the same caller', () => slack.alerts().length === 2);
  run(world.people.kim, Date.now() - 30_000);
  await until('a third alert of another caller', () => slack.alerts().length === 3);
  expect((await store.alerts.get(first?.id ?? ''))?.executions).toHaveLength(1);
});

test('nobody can except themselves, even through another alert', async () => {
  const to = (await begin('http', { RUNWATCH_RESPONDERS: '*' })) as { url: string };
  const { slack, world } = bench;
  runOn(bench, world.vms.test01, { caller: world.people.kim });
  const message = await alertOn(bench, 'vm-test-01');
  const before = slack.views.length;
  await slack.press(message, 'add_exception', 'U0DANA000', to);
  const form = await until('the form', () => slack.views[before]);
  await slack.submit(form, 'U0DANA000', to, { caller: world.people.dana.login, target: 'vm-pay-01' });
  await until('refused', () => slack.whispers.some(({ text }) => text.includes('exception for yourself')));
  expect(await store.exceptions.list()).toEqual([]);
});

test('two alerts on one machine share its isolation; release from either restores the original state', async () => {
  const to = (await begin('http', { RUNWATCH_RESPONDERS: '*' })) as { url: string };
  const { slack, world, tenant } = bench;
  const nics = [0, 1].map(
    (i) => `${world.vms.pay01.replace('Compute/virtualMachines', 'Network/networkInterfaces')}-nic${i}`,
  );
  const groups = () =>
    nics.map((id) => JSON.stringify(tenant.resources.get(id).properties.networkSecurityGroup ?? null));
  const asBefore = groups();
  runOn(bench, world.vms.pay01);
  const first = await alertOn(bench, 'vm-pay-01');
  await slack.press(first, 'isolate', 'U0SAM0000', to);
  await until('isolated', () => textOf(first).includes('Isolated:'));
  runOn(bench, world.vms.pay01, { caller: world.people.kim });
  const second = await until('the other alert', () => slack.alerts().find((m) => m !== first));
  await until('shown on the other alert', () => textOf(second).includes('Isolated:'));
  await slack.press(second, 'release', 'U0LEE0000', to);
  await until('as before', () => JSON.stringify(groups()) === JSON.stringify(asBefore));
  await until('shown on both', () => [first, second].every((m) => textOf(m).includes('Released:')));
  expect(JSON.stringify(groups())).toBe(JSON.stringify(asBefore));
});

test('four-eyes approval survives a transient Azure failure', async () => {
  bench = await setUp({ mode: 'http' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, 'fourEyes: [lock]');
  const app = await bench.start({ RUNWATCH_CONFIG: file });
  const to = { url: app.url as string };
  store = createStore(bench.redis.address, []);
  runOn(bench, bench.world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  bench.tenant.faults.add({ when: /PUT .*locks/, status: 503, times: 6 });
  await bench.slack.press(message, 'lock', 'U0SAM0000', to);
  await until('asked', async () => (await audit()).includes('U0SAM0000 lock asked'));
  await bench.slack.press(message, 'lock', 'U0LEE0000', to);
  await until('locked', () => textOf(message).includes('Locked read-only'), 40);
  expect((await audit()).filter((line) => line.includes(' lock '))).toEqual([
    'U0SAM0000 lock asked',
    'U0SAM0000 lock started',
    'U0SAM0000 lock done',
  ]);
}, 60_000);

test('a right limited to subscriptions does not allow exceptions for others', async () => {
  bench = await setUp({ mode: 'http' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  const subscription = '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01';
  writeFileSync(file, `responders: [{who: ["*"], may: all, subscriptions: [${subscription}]}]`);
  const app = await bench.start({ RUNWATCH_CONFIG: file, RUNWATCH_RESPONDERS: '' });
  const to = { url: app.url as string };
  store = createStore(bench.redis.address, []);
  const { slack, world } = bench;
  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  const submit = async (changes: Record<string, string>) => {
    const before = slack.views.length;
    await slack.press(message, 'add_exception', 'U0SAM0000', to);
    await slack.submit(await until('the form', () => slack.views[before]), 'U0SAM0000', to, changes);
  };
  await submit({});
  await until('refused', () =>
    slack.whispers.some(({ text }) => text.includes('for some subscriptions only')),
  );
  await submit({ subscription });
  await until('saved', async () => (await store.exceptions.list()).length === 1);
});
