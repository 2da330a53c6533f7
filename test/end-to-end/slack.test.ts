import { runCommand } from '../../src/demo/scenarios';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

describe.each(['http', 'socket'] as const)('an alert in Slack over %s', (mode) => {
  let bench: Bench;
  let to: { url: string } | 'socket';

  beforeAll(async () => {
    bench = await setUp({ mode });
    bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
    const app = await bench.start();
    to = mode === 'socket' ? 'socket' : { url: app.url as string };
    if (mode === 'socket') await until('the socket', () => bench.slack.connected());
  });
  afterAll(() => bench.stop());

  test('is posted once, acknowledged, excepted, isolated and released', async () => {
    const { slack, tenant, world } = bench;
    const nicIds = [0, 1].map(
      (i) => `${world.vms.pay01.replace('Compute/virtualMachines', 'Network/networkInterfaces')}-nic${i}`,
    );
    const before = nicIds.map((id) => JSON.stringify({ ...tenant.resources.get(id), etag: '' }));
    tenant.log({
      name: runCommand,
      resourceId: world.vms.pay01,
      caller: world.people.dana,
      ip: '203.0.113.24',
      at: Date.now() - 60_000,
      tookMs: 32_000,
    });
    const message = await until('the message', () => slack.alerts()[0]);
    const alertId = message.metadata?.event_payload.alert_id as string;
    expect(textOf(message)).toContain('vm-pay-01');
    expect(textOf(message)).toContain('Dana Reyes ran a command as root on vm-pay-01');
    await until('the thread', () => message.replies.length > 0);
    expect(textOf(message)).toContain('Virtual Machine Contributor');
    expect(textOf(message)).toContain('Succeeded after 32 s');

    expect((await slack.press(message, 'acknowledge', 'U0SAM0000', to)).status).toBe(200);
    await until('who acknowledged', () =>
      textOf(slack.messageOf(alertId)).includes('Acknowledged by *Sam Ortiz*'),
    );

    await slack.press(message, 'isolate', 'U0SAM0000', to);
    await until('isolated', () => textOf(slack.messageOf(alertId)).includes('Isolated:'));
    for (const id of nicIds) {
      expect(JSON.stringify(tenant.resources.get(id).properties.networkSecurityGroup)).toContain(
        'runwatch-isolation-westeurope',
      );
    }
    const puts = tenant.requests.filter((r) => r.method === 'PUT' && r.path.includes('networkInterfaces'));
    expect(puts.every((r) => r.ifMatch)).toBe(true);
    const group = tenant.resources.get(
      `${world.vms.pay01.replace(/Compute.*/, 'Network')}/networkSecurityGroups/runwatch-isolation-westeurope`,
    );
    expect(group.tags).toEqual({ 'managed-by': 'runwatch' });

    await slack.press(slack.messageOf(alertId) ?? message, 'release', 'U0SAM0000', to);
    await until('released', () => textOf(slack.messageOf(alertId)).includes('Released:'));
    expect(nicIds.map((id) => JSON.stringify({ ...tenant.resources.get(id), etag: '' }))).toEqual(before);

    await slack.press(slack.messageOf(alertId) ?? message, 'add_exception', 'U0SAM0000', to);
    const opened = await until('the modal', () => slack.views[0]);
    const refused = await slack.submit(opened, 'U0SAM0000', to, { reason: '' });
    expect(refused.body).toContain('errors');
    await slack.submit(opened, 'U0SAM0000', to, { reason: 'Dana tests this machine' });
    await until('the exception', () => slack.whispers.some((w) => w.text.includes('is saved until')));

    tenant.log({
      name: runCommand,
      resourceId: world.vms.pay01,
      caller: world.people.dana,
      ip: '203.0.113.24',
      at: Date.now() - 30_000,
      tookMs: 1000,
    });
    tenant.log({
      name: runCommand,
      resourceId: world.vms.pay02,
      caller: world.people.dana,
      ip: '203.0.113.24',
      at: Date.now() - 30_000,
      tookMs: 1000,
    });
    await until('the other machine', () =>
      slack.alerts().some((m) => JSON.stringify(m.blocks).includes('on vm-pay-02')),
    );
    expect(slack.alerts()).toHaveLength(2);
    expect(slack.messageOf(alertId)?.metadata?.event_payload).toEqual({ alert_id: alertId });
  });

  test('one execution stays one message, in any order of its events', async () => {
    const { slack, tenant, world } = bench;
    const before = slack.alerts().length;
    const at = Date.now() - 60_000;
    const records = tenant.log({
      name: runCommand,
      resourceId: world.vms.web[3] ?? '',
      caller: world.people.kim,
      ip: '203.0.113.9',
      at,
      tookMs: 5000,
    });
    const [started, accepted, succeeded] = tenant.state.log.splice(-records.length);
    const show = (entry: typeof started) => entry && tenant.state.log.push({ ...entry, visibleAt: 0 });
    show(accepted);
    const message = await until('the first message', () => slack.alerts()[before]);
    expect(textOf(message)).toContain('Still running');
    show(succeeded);
    show(accepted);
    await until('the outcome', () => textOf(slack.alerts()[before]).includes('Succeeded'));
    show(started);
    await until('the late start', () => textOf(slack.alerts()[before]).includes('after 5 s'));
    expect(slack.alerts()).toHaveLength(before + 1);
  });
});
