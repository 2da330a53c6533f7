import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCommand } from '../../src/demo/scenarios';
import { type Bench, setUp } from '../support/bot';
import type { PostedMessage } from '../support/slack';
import { until } from '../support/wait';

let bench: Bench;
let to: { url: string };
let message: PostedMessage;

async function begin(policy = '') {
  bench = await setUp({ mode: 'http' });
  const { slack, world, tenant } = bench;
  slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  slack.users.set('U0LEE0000', { name: 'Lee Okafor', email: 'lee@contoso.example' });
  slack.users.set('U0DANA000', { name: 'Dana Reyes', email: 'dana.reyes@contoso.example' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, policy || '{}');
  const app = await bench.start({ RUNWATCH_CONFIG: file, RUNWATCH_RESPONDERS: 'U0SAM0000,U0LEE0000' });
  to = { url: app.url as string };
  tenant.log({
    name: runCommand,
    resourceId: world.vms.pay01,
    caller: world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 5000,
  });
  message = await until('the alert', () => slack.alerts()[0]);
}
afterEach(() => bench.stop());

const text = () => JSON.stringify(bench.slack.alerts()[0]?.blocks);
const press = (action: string, user = 'U0SAM0000') =>
  bench.slack.press(bench.slack.alerts()[0] ?? message, action, user, to);
const shows = (words: string) => until(`"${words}"`, () => text().includes(words));

test('locks and unlocks, with the alert in the lock’s note', async () => {
  await begin();
  const id = `${bench.world.vms.pay01}/providers/Microsoft.Authorization/locks/runwatch-${message.metadata?.event_payload.alert_id}`;
  await press('lock');
  await shows('Locked read-only');
  expect(bench.tenant.resources.get(id).properties).toMatchObject({
    level: 'ReadOnly',
    notes: expect.stringContaining('RW-'),
  });
  await press('unlock');
  await until('no lock', () => bench.tenant.resources.find(id) === null);
});

test('revokes the assignment that allowed the call, and restores it unchanged', async () => {
  await begin();
  const { tenant } = bench;
  const id = `/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/providers/Microsoft.Authorization/roleAssignments/4f0a9b1c-2d3e-4f50-6172-8394a5b6c7d8`;
  Object.assign(tenant.resources.get(id).properties, {
    condition: "@Resource[x] StringEquals 'y'",
    conditionVersion: '2.0',
    description: 'on call',
  });
  const before = { ...tenant.resources.get(id).properties };
  await press('revoke_role');
  expect(JSON.stringify(bench.slack.overviews.at(-1))).toContain('everyone in group ops-oncall (2 members)');
  await shows('Revoked: Virtual Machine Contributor');
  expect(tenant.resources.find(id)).toBeNull();
  await press('restore_role');
  await shows('Restored: Virtual Machine Contributor');
  for (const field of [
    'roleDefinitionId',
    'principalId',
    'principalType',
    'scope',
    'condition',
    'conditionVersion',
    'description',
  ]) {
    expect(tenant.resources.get(id).properties[field]).toEqual(before[field]);
  }
});

test('the last owner is never revoked', async () => {
  await begin();
  const { tenant, world, slack } = bench;
  tenant.log({
    name: runCommand,
    resourceId: world.vms.pay02,
    caller: world.people.lee,
    ip: '203.0.113.2',
    at: Date.now() - 30_000,
    tookMs: 1000,
    role: 'Owner',
  });
  const other = await until('Lee’s alert', () =>
    slack.alerts().find((m) => JSON.stringify(m.blocks).includes('vm-pay-02')),
  );
  await slack.press(other, 'revoke_role', 'U0SAM0000', to);
  await until('the refusal', () =>
    slack.whispers.some((w) => w.text.includes('it is the last owner of this scope')),
  );
  expect(tenant.requests.filter((r) => r.method === 'DELETE')).toHaveLength(0);
});

test('takes one snapshot of every disk, locked against deletion', async () => {
  await begin();
  await press('snapshot');
  await shows('Snapshots of its disk are kept');
  const [kept] = bench.tenant.resources
    .ofType('Microsoft.Compute/snapshots')
    .filter(({ tags }) => tags?.['managed-by'] === 'runwatch');
  expect(kept).toMatchObject({ tags: { 'managed-by': 'runwatch' }, properties: { incremental: true } });
  expect(
    bench.tenant.resources.ofType('Microsoft.Authorization/locks').map((lock) => lock.properties.level),
  ).toEqual(['CanNotDelete']);
});

test('asks the caller; only they can answer, and "no" makes the alert critical', async () => {
  await begin();
  const { slack } = bench;
  await press('ask_caller');
  const question = await until('the question', () => slack.messages.find((m) => m.channel === 'U0DANA000'));
  expect(question.text).toMatch(/Did you run this on vm-pay-01/);
  await slack.press(question, 'caller_no', 'U0EVE0000', to);
  await until('the refusal', () => slack.whispers.some((w) => w.text.includes('Someone else was asked')));
  await slack.press(question, 'caller_no', 'U0DANA000', to);
  await shows('answered: no, it was not them');
  await shows('Critical:');
});

test('a responder can take an alert, but not twice', async () => {
  await begin();
  await press('assign');
  await shows('Assigned to *Sam Ortiz*');
  await press('assign');
  await until('the refusal', () => bench.slack.whispers.some((w) => w.text.includes('is yours already')));
});

test('four-eyes approval needs two different responders', async () => {
  await begin('fourEyes: [lock]\n');
  const locks = () => bench.tenant.resources.ofType('Microsoft.Authorization/locks').length;
  await press('lock');
  await shows('waits for a second responder');
  await press('lock');
  await until('the refusal', () =>
    bench.slack.whispers.some((w) =>
      w.text.includes('second, different responder must approve it, in the same chat.'),
    ),
  );
  expect(locks()).toBe(0);
  await press('lock', 'U0LEE0000');
  await shows('Locked read-only');
  expect(locks()).toBe(1);
});

test('escalates once to an endpoint that accepts PagerDuty events', async () => {
  const got: { dedup_key: string; payload: { severity: string } }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push(JSON.parse(body));
      response.writeHead(202).end('{}');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  await begin(
    `escalation: {url: "http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/enqueue", routingKey: key}\n`,
  );
  await press('escalate');
  await shows('Escalated by *Sam Ortiz*');
  await press('escalate', 'U0LEE0000');
  await until('the refusal', () => bench.slack.whispers.some((w) => w.text.includes('already escalated')));
  expect(got).toHaveLength(1);
  expect(got[0]?.dedup_key).toBe(message.metadata?.event_payload.alert_id);
  server.close();
});

test('a missing permission is reported, with what to grant', async () => {
  await begin();
  bench.tenant.state.mayDo = (action) => action !== 'Microsoft.Authorization/locks/write';
  await press('lock');
  await shows('grant Microsoft.Authorization/locks/write');
});
