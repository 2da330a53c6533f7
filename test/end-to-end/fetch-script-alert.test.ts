import { writeFileSync } from 'node:fs';
import { runCommand } from '../../src/demo/scenarios';
import { fetcherId } from '../../src/demo/tenant/tenant';
import { createStore } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

let bench: Bench;
let to: { url: string };

async function begin(policy: string) {
  bench = await setUp({ mode: 'http' });
  const { slack, world, tenant } = bench;
  slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  slack.users.set('U0LEE0000', { name: 'Lee Okafor', email: 'lee@contoso.example' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, policy);
  const app = await bench.start({ RUNWATCH_CONFIG: file, RUNWATCH_RESPONDERS: 'U0SAM0000,U0LEE0000' });
  to = { url: app.url as string };
  const at = Date.now() - 60_000;
  tenant.state.guests.set(world.vms.pay01.toLowerCase(), {
    scripts: [{ run: 1, at, text: 'id\nuseradd support2\n', stdout: 'uid=0(root)' }],
  });
  tenant.log({ name: runCommand, resourceId: world.vms.pay01, caller: world.people.dana, at, tookMs: 5000 });
  await until('the alert', () => slack.alerts()[0]);
}
afterEach(() => bench.stop());

const text = () => JSON.stringify(bench.slack.alerts()[0]?.blocks);
const press = (action: string, user: string) =>
  bench.slack.press(bench.slack.alerts()[0] ?? (undefined as never), action, user, to);

test('two people fetch a script; it is shown with its flagged line, and our own run commands raise no alert', async () => {
  await begin('fetchScript: on\n');
  await press('fetch_script', 'U0SAM0000');
  await until('the request', () => text().includes('waits for a second responder'));
  await press('fetch_script', 'U0LEE0000');
  await until(
    'the script',
    () => text().includes('Fetched from vm-pay-01') && text().includes('adds a user or a key'),
  );
  expect(text()).toContain('An attacker on the machine could have changed these files.');
  const store = createStore(bench.redis.address, []);
  const own = await until('all own runs in the audit log', async () => {
    const found = (await store.audit.read()).filter(({ action }) => action === 'fetch_script.run');
    return found.length === 3 ? found : null;
  });
  await store.close();
  expect(new Set(own.map(({ details }) => details?.identity))).toEqual(new Set([fetcherId]));
  const { tenant, world } = bench;
  const look = `${world.vms.pay01}/runCommands/runwatch-${'0'.repeat(32)}-0`;
  tenant.log({
    name: 'Microsoft.Compute/virtualMachines/runCommands/write',
    resourceId: look,
    caller: { id: fetcherId, kind: 'ServicePrincipal', name: 'runwatch', login: fetcherId },
    at: Date.now(),
    tookMs: 1000,
  });
  await until('the alert about one that only looks like ours', () => bench.slack.alerts().length > 1);
  expect(bench.slack.alerts()).toHaveLength(2);
});

test('off by default, it is not offered', async () => {
  await begin('{}');
  expect(text()).not.toContain('Fetch script');
  await expect(press('fetch_script', 'U0SAM0000')).rejects.toThrow('No fetch_script among');
  expect(
    bench.tenant.requests.filter(({ path, method }) => method === 'PUT' && /runCommands/.test(path)),
  ).toEqual([]);
});
