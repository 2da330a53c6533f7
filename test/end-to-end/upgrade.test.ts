import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../src/store/connect';
import { createStore } from '../../src/store/store';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

/** What older versions left in Redis, by scripts/record-queue.mjs: an alert to be posted, a press on it, events to be read. */
const folder = join(__dirname, '../fixtures/queued');

type Kept = Record<string, { type: 'string' | 'hash' | 'list' | 'zset'; value: unknown }>;

async function restore(bench: Bench, kept: Kept): Promise<void> {
  const redis = connect(bench.redis.address);
  for (const [key, { type, value }] of Object.entries(kept)) {
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
  'what %s left in its queues is done once; a press without a signature is listed to be pressed again',
  async (file) => {
    await restore(bench, JSON.parse(readFileSync(join(folder, file), 'utf8')));
    await bench.start();
    const messageOn = (machine: string) =>
      textOf(bench.slack.alerts().find((message) => textOf(message).includes(`on ${machine}`)));
    await until('the alert that waited', () => messageOn('vm-pay-01') !== '[]');
    await until('the press that was not done', () =>
      bench.slack.messages.some(({ text }) =>
        /Please press again:\n• Sam Ortiz: acknowledge on RW-/.test(text),
      ),
    );
    expect(messageOn('vm-pay-01')).not.toContain('Acknowledged by');
    await until('the events that waited', () => messageOn('vm-pay-02').includes('succeeded'));
    expect(bench.slack.alerts()).toHaveLength(2);
    const store = createStore(bench.redis.address, []);
    const alerts = await store.alerts.list();
    const audit = await store.audit.read();
    await store.close();
    expect(alerts.map(({ facts }) => facts.missing)).toEqual([[], []]);
    expect(audit.map(({ action, result }) => `${action} ${result}`)).toEqual(['acknowledge refused']);
  },
);
