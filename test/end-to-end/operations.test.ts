import { runCommand } from '../../src/demo/scenarios';
import { subscriptions } from '../../src/demo/world';
import { firstBrokenLink } from '../../src/domain/audit/audit-chain';
import { createStore } from '../../src/store/store';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

let bench: Bench;
afterEach(() => bench.stop());

const run = (resourceId: string, at = Date.now() - 60_000) =>
  bench.tenant.log({
    name: runCommand,
    resourceId,
    caller: bench.world.people.dana,
    ip: '203.0.113.24',
    at,
    tookMs: 5000,
  });
const ready = async (url: string | null) => {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, text: await answer.text() };
};

test('an unreadable subscription is reported once, blocks no other, keeps us ready, and its recovery is reported once', async () => {
  bench = await setUp({ mode: 'http' });
  const { tenant, slack, world } = bench;
  tenant.faults.add({ when: new RegExp(`${subscriptions.sandbox}.*eventtypes`), status: 403 });
  const app = await bench.start();
  const notices = () => slack.messages.filter((m) => m.metadata?.event_type === 'runwatch_notice');
  const health = async () => (await fetch(`${app.url}/console/health`)).text();
  await until('the refusal', async () =>
    (await health()).includes('may not read the activity log of subscription Sandbox'),
  );
  expect(await health()).toContain('1 problem needs attention');
  await bench.runNow('health', 'watch');
  const notice = await until('the notice', () => notices()[0]);
  expect(notice.text).toMatch(/may not read the activity log of subscription Sandbox/);
  expect(await ready(app.url)).toEqual({ status: 200, text: '{"ready":true,"reasons":[]}' });
  run(world.vms.pay01);
  run(world.vms.test01);
  await until('the alert of the other subscription', () => slack.alerts().length === 1);
  const polls = () =>
    tenant.requests.filter((r) => r.path.includes(subscriptions.sandbox) && r.path.includes('eventtypes'))
      .length;
  const before = polls();
  await until('more polls', () => polls() > before + 1);
  tenant.faults.clear();
  await until('the delayed alert', () => slack.alerts().length === 2);
  await bench.runNow('health', 'watch');
  const over = await until('the recovery notice', () => notices()[1]);
  expect(over.text).toMatch(/^The activity log of subscription Sandbox .* is read again/);
  await bench.runNow('health', 'watch');
  expect(notices()).toHaveLength(2);
  expect(await health()).toContain('<strong>Healthy.</strong>');
});

test('a throttled subscription waits as long as Azure asks, and delays no other', async () => {
  bench = await setUp({ mode: 'http' });
  const { tenant, slack, world } = bench;
  tenant.faults.add({
    when: new RegExp(`${subscriptions.sandbox}.*eventtypes`),
    status: 429,
    retryAfter: 4,
    times: 2,
  });
  run(world.vms.pay01);
  run(world.vms.test01);
  await bench.start();
  await until('the other subscription', () => slack.alerts().some((m) => textOf(m).includes('vm-pay-01')), 4);
  await until('the throttled one', () => slack.alerts().some((m) => textOf(m).includes('vm-test-01')));
  const asked = tenant.requests.filter(
    (r) => r.path.includes(subscriptions.sandbox) && r.path.includes('eventtypes'),
  );
  expect((asked[2]?.at ?? 0) - (asked[0]?.at ?? 0)).toBeGreaterThan(3900);
});

test('a message whose response was lost is found, not sent again; throttling and errors only delay', async () => {
  bench = await setUp({ mode: 'http' });
  const { slack, world } = bench;
  slack.add({ method: 'chat.postMessage', times: 1, after: true });
  slack.add({ method: 'chat.postMessage', times: 1, status: 429, retryAfter: 1 });
  slack.add({ method: 'chat.postMessage', times: 1, status: 500 });
  run(world.vms.pay01);
  run(world.vms.pay02, Date.now() - 50_000);
  await bench.start();
  await until(
    'both',
    () => ['vm-pay-01', 'vm-pay-02'].every((name) => slack.alerts().some((m) => textOf(m).includes(name))),
    40,
  );
  await until('the lost message to be found and updated', () => slack.alerts().some((m) => m.updates > 0));
  const ids = slack.alerts().map((m) => m.metadata?.event_payload.alert_id);
  expect(new Set(ids).size).toBe(2);
  expect(ids).toHaveLength(2);
});

test('Slack’s rate limit per channel is respected', async () => {
  bench = await setUp({ mode: 'http', slackRate: 4 });
  const { slack, world } = bench;
  for (const [i, id] of world.vms.web.slice(0, 6).entries()) run(id, Date.now() - 60_000 - i);
  await bench.start({ RUNWATCH_SLACK_RATE: '3.5' });
  await until('all', () => slack.alerts().length === 6, 40);
  expect(slack.calls.filter((call) => call.method === 'chat.postMessage').length).toBeGreaterThanOrEqual(6);
});

test('forged, replayed and unsigned presses are rejected', async () => {
  bench = await setUp({ mode: 'http' });
  const { slack, world } = bench;
  const app = await bench.start();
  const to = { url: app.url as string };
  run(world.vms.pay01);
  const message = await until('the alert', () => slack.alerts()[0]);
  expect((await slack.press(message, 'acknowledge', 'U0EVE0000', to, { secret: 'guessed' })).status).toBe(
    401,
  );
  expect(
    (await slack.press(message, 'acknowledge', 'U0EVE0000', to, { at: Math.floor(Date.now() / 1000) - 600 }))
      .status,
  ).toBe(401);
  expect((await fetch(`${to.url}/slack/events`, { method: 'POST', body: '{}' })).status).toBe(401);
  expect(textOf(slack.alerts()[0])).not.toContain('Acknowledged');
});

test('without responders, everyone can acknowledge and nobody can isolate; all is audited, and the chain is intact', async () => {
  bench = await setUp({ mode: 'http' });
  const { slack, world, tenant } = bench;
  const app = await bench.start({ RUNWATCH_RESPONDERS: '' });
  const to = { url: app.url as string };
  run(world.vms.pay01);
  const message = await until('the alert', () => slack.alerts()[0]);
  expect(textOf(message)).toContain('No responders are configured, so only triage is available');
  expect(textOf(message)).not.toContain('Isolate');
  const acknowledge = message.blocks
    .flatMap((block) => block.elements ?? [])
    .find((element) => element.action_id === 'acknowledge');
  const forged = { elements: [{ ...acknowledge, action_id: 'isolate' }] };
  await slack.press({ ...message, blocks: [forged as never] }, 'isolate', 'U0EVE0000', to);
  await until('the refusal', () =>
    slack.whispers.some((w) => w.user === 'U0EVE0000' && w.text.includes('RUNWATCH_RESPONDERS')),
  );
  expect(tenant.requests.filter((r) => r.method === 'PUT')).toHaveLength(0);
  await Promise.all([
    slack.press(message, 'acknowledge', 'U0SAM0000', to),
    slack.press(message, 'acknowledge', 'U0LEE0000', to),
  ]);
  await until('one of the two', () => textOf(slack.alerts()[0]).includes('Acknowledged'));
  await until('the refusal of the other', () =>
    slack.whispers.some((w) => w.text.includes('already acknowledged by')),
  );
  const store = createStore(bench.redis.address, []);
  const entries = await until('three entries', async () =>
    (await store.audit.read()).length === 3 ? store.audit.read() : null,
  );
  expect(entries.map((entry) => `${entry.action} ${entry.result}`).sort()).toEqual([
    'acknowledge done',
    'acknowledge refused',
    'isolate refused',
  ]);
  expect(firstBrokenLink(entries)).toBeNull();
  const edited = structuredClone(entries);
  if (edited[1]) edited[1].by.name = 'somebody else';
  expect(firstBrokenLink(edited)).toMatchObject({ index: 1 });
  await store.close();
});

test('new subscriptions are polled, removed ones are not', async () => {
  bench = await setUp({ mode: 'none' });
  const { tenant } = bench;
  tenant.state.subscriptions.delete(subscriptions.sandbox);
  const app = await bench.start();
  const store = createStore(bench.redis.address, []);
  const known = async () => (await store.polls.subscriptions()).map((s) => s.id);
  await until('the first', async () => (await known()).includes(subscriptions.payments));
  await app.stop();
  tenant.state.subscriptions.set(subscriptions.sandbox, 'Sandbox');
  tenant.state.subscriptions.delete(subscriptions.payments);
  const { url } = await bench.start();
  await until('the change', async () => (await known()).join() === subscriptions.sandbox);
  const health = async () => (await fetch(`${url}/console/health`)).text();
  await until('gone', async () => /Runwatch.*s identity can no longer see: Payments/.test(await health()));
  await store.close();
});

test('a partial isolation is reported and can be resumed; release leaves changes by others alone', async () => {
  bench = await setUp({ mode: 'http' });
  const { slack, world, tenant } = bench;
  const app = await bench.start();
  const to = { url: app.url as string };
  const nics = [0, 1].map(
    (i) => `${world.vms.pay01.replace('Compute/virtualMachines', 'Network/networkInterfaces')}-nic${i}`,
  );
  run(world.vms.pay01);
  const message = await until('the alert', () => slack.alerts()[0]);
  tenant.faults.add({ when: /PUT .*vm-pay-01-nic1$/, status: 403 });
  await slack.press(message, 'isolate', 'U0SAM0000', to);
  await until('the failure', () =>
    textOf(slack.alerts()[0]).includes('*Failed*: Isolate did not go through'),
  );
  expect(JSON.stringify(tenant.resources.get(nics[0] ?? '').properties)).toContain('runwatch-isolation');
  tenant.faults.clear();
  tenant.faults.add({ when: /PUT .*vm-pay-01-nic1$/, status: 412, times: 1 });
  tenant.faults.add({ when: /PUT .*vm-pay-01-nic1$/, status: 409, times: 1 });
  await slack.press(slack.alerts()[0] ?? message, 'isolate', 'U0SAM0000', to);
  await until('isolated', () => textOf(slack.alerts()[0]).includes('Isolated:'));
  const other = tenant.resources.put(
    `${world.vms.pay01.replace(/Compute.*/, 'Network')}/networkSecurityGroups/others`,
    { location: 'westeurope', properties: {} },
  ).resource;
  const nic = tenant.resources.get(nics[1] ?? '');
  tenant.resources.put(nic.id, {
    ...nic,
    properties: { ...nic.properties, networkSecurityGroup: { id: other.id } },
  });
  await slack.press(slack.alerts()[0] ?? message, 'release', 'U0SAM0000', to);
  await until('released', () =>
    textOf(slack.alerts()[0]).includes('except vm-pay-01-nic1 (has others now), left unchanged'),
  );
  expect(JSON.stringify(tenant.resources.get(nics[0] ?? '').properties)).toContain('nsg-payments');
  expect(JSON.stringify(tenant.resources.get(nics[1] ?? '').properties)).toContain('others');
});

test('the console is closed to the network without a token', async () => {
  bench = await setUp({ mode: 'none' });
  const open = await bench.start({ RUNWATCH_HOST: '0.0.0.0' });
  expect((await fetch(`${open.url}/console`)).status).toBe(403);
  expect((await fetch(`${open.url}/queues`)).status).toBe(403);
  await open.stop();
  const token = 'a-token-of-some-length';
  const app = await bench.start({ RUNWATCH_HOST: '0.0.0.0', RUNWATCH_CONSOLE_TOKEN: token });
  expect((await fetch(`${app.url}/console`)).status).toBe(401);
  expect((await fetch(`${app.url}/console`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
    200,
  );
  expect((await fetch(`${app.url}/metrics`)).status).toBe(200);
});
