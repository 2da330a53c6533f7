import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../src/store/redis/connect';
import { createStore } from '../../src/store/store';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

/** Redis data of older versions (scripts/record-queue.mjs): an unposted alert, a press, unread events. */
const folder = join(__dirname, '../fixtures/queued');

type RecordedData = Record<string, { type: 'string' | 'hash' | 'list' | 'zset'; value: unknown }>;

async function restore(bench: Bench, recorded: RecordedData): Promise<void> {
  const redis = connect(bench.redis.address);
  for (const [key, { type, value }] of Object.entries(recorded)) {
    // Skipped, because their secret and their audit stream were not recorded.
    if (/:(secret-check|audit-head)$/.test(key)) continue;
    const values = value as string[];
    if (type === 'string') await redis.set(key, value as string);
    if (type === 'hash') await redis.hset(key, value as Record<string, string>);
    if (type === 'list') await redis.rpush(key, ...values);
    if (type === 'zset') {
      const pairs = values.flatMap((member, i) => (i % 2 === 0 ? [Number(values[i + 1]), member] : []));
      await redis.zadd(key, ...(pairs as [number, string]));
    }
  }
  redis.disconnect();
}

let bench: Bench;
beforeEach(async () => {
  bench = await setUp({ mode: 'http' });
});
afterEach(() => bench.stop());

test.each(readdirSync(folder))(
  'jobs that %s left in its queues run once; an unsigned press is listed to be pressed again',
  async (file) => {
    await restore(bench, JSON.parse(readFileSync(join(folder, file), 'utf8')));
    await bench.start();
    const messageOn = (machine: string) =>
      textOf(bench.slack.alerts().find((message) => textOf(message).includes(`on ${machine}`)));
    await until('the pending alert', () => messageOn('vm-pay-01') !== '[]');
    await until('the list of presses to repeat', () =>
      bench.slack.messages.some(({ text }) =>
        /Please press again:\n• Sam Ortiz: acknowledge on RW-/.test(text),
      ),
    );
    expect(messageOn('vm-pay-01')).not.toContain('Acknowledged by');
    await until('the pending events', () => messageOn('vm-pay-02').includes('Succeeded'));
    expect(bench.slack.alerts()).toHaveLength(2);
    const store = createStore(bench.redis.address, []);
    const alerts = await store.alerts.list();
    const audit = await store.audit.read();
    await store.close();
    expect(alerts.map(({ facts }) => facts.missing)).toEqual([[], []]);
    expect(audit.map(({ action, result }) => `${action} ${result}`)).toEqual(['acknowledge refused']);
  },
);

/** Measures of older versions in force (scripts/record-queue.mjs): isolated, locked, revoked, stopped. */
const measures = join(__dirname, '../fixtures/measures');

test.each(readdirSync(measures))(
  'measures that %s left in force are shown, and undo restores the original state',
  async (file) => {
    const { tenant, world, slack } = bench;
    await restore(bench, JSON.parse(readFileSync(join(measures, file), 'utf8')));
    const redis = connect(bench.redis.address);
    const network = world.vms.pay01.replace(/Compute.*/, 'Network');
    const nics = [0, 1].map((i) => tenant.resources.get(`${network}/networkInterfaces/vm-pay-01-nic${i}`));
    const groups = () =>
      nics.map(({ id }) => tenant.resources.get(id).properties.networkSecurityGroup ?? null);
    const before = JSON.stringify(groups());
    // The tenant as the old version left it.
    const group = `${network}/networkSecurityGroups/runwatch-isolation-westeurope`;
    tenant.resources.put(group, { location: 'westeurope', properties: { securityRules: [] } });
    for (const nic of nics)
      tenant.resources.put(nic.id, {
        ...nic,
        properties: { ...nic.properties, networkSecurityGroup: { id: group } },
      });
    const alertIds = (await redis.zrange('{runwatch}:alerts', 0, '-1')) as string[];
    redis.disconnect();
    const lockId = `${world.vms.pay01}/providers/Microsoft.Authorization/locks/runwatch-${alertIds[0]}`;
    tenant.resources.put(lockId, { properties: { level: 'ReadOnly' } });
    const assignment = tenant.resources
      .ofType('Microsoft.Authorization/roleAssignments')
      .find(({ name }) => name === '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7d8');
    tenant.resources.remove(assignment?.id ?? '');

    const app = await bench.start();
    const to = { url: app.url as string };
    const message = await until('the isolated machine', () =>
      slack.alerts().find((m) => /Isolated:/.test(textOf(m)) && /on vm-pay-01/.test(textOf(m))),
    );
    for (const words of ['Locked read-only', 'Revoked: Virtual Machine Contributor'])
      expect(textOf(message)).toContain(words);
    const stopped = await until('the stopped machine', () =>
      slack.alerts().find((m) => /is stopped and deallocated/.test(textOf(m))),
    );
    expect(textOf(stopped)).toContain('vm-pay-02');
    await until('the note', () => slack.messages.some((m) => /seen by the old version/.test(textOf(m))));
    await slack.press(message, 'unlock', 'U0SAM0000', to);
    await until('unlocked', () => tenant.resources.find(lockId) === null);
    await slack.press(message, 'release', 'U0SAM0000', to);
    await until('as before', () => JSON.stringify(groups()) === before);
    await slack.press(message, 'restore_role', 'U0SAM0000', to);
    await until('assigned again', () => tenant.resources.find(assignment?.id ?? '') !== null);
    expect(tenant.resources.get(assignment?.id ?? '').properties).toMatchObject({
      principalId: assignment?.properties.principalId,
      roleDefinitionId: assignment?.properties.roleDefinitionId,
    });
  },
  60_000,
);
