import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { indexAlerts } from '../../src/pipeline/index-alerts';
import { keys } from '../../src/store/keys';
import { connect } from '../../src/store/redis/connect';
import { event } from '../support/event';
import { startStore } from '../support/store';

test('changed alerts are indexed by one process, and expired ones are removed once a day', async () => {
  const own = await startStore();
  const redis = connect(own.address);
  const now = Date.now();
  const put = async (id: string, raisedAt: number) => {
    const alert = newAlert(id, [executionFrom(event()) as Execution], new Date(raisedAt).toISOString());
    await own.store.alerts.update(id, () => ({ alert: { ...alert, ready: true } }));
  };
  const run = (at: number) => indexAlerts({ store: own.store, now: () => at });
  await put('RW-1', now);
  await put('RW-OLD', now - 401 * 86_400_000);
  await own.store.deliveries.withLock('index-alerts', 10_000, () => run(now));
  expect(await redis.zcard(keys.unindexed)).toBe(2);
  await run(now);
  expect(await redis.zcard(keys.unindexed)).toBe(0);
  await redis.expire(keys.alert('RW-OLD'), 60);
  await run(now);
  expect(await own.store.alerts.count()).toBe(2);
  await run(now + 86_400_000);
  expect(await own.store.alerts.count()).toBe(1);
  redis.disconnect();
  await own.stop();
});
