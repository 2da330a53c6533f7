import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { keys } from '../../src/store/keys';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

test('of alerts that are stored at once, one that Redis refuses fails alone', async () => {
  const now = new Date().toISOString();
  const execution = executionFrom(event({ correlationId: 'c1' })) as Execution;
  const ids = Array.from({ length: 30 }, (_, i) => `RW-${i}`);
  const refused = 'RW-12';
  const redis = own.connect();
  await redis.set(keys.alert(refused), 'a string where a hash belongs');
  const stored = await Promise.allSettled(
    ids.map((id) => own.store.alerts.update(id, () => ({ alert: newAlert(id, [execution], now) }), null)),
  );
  expect(ids.filter((_, i) => stored[i]?.status === 'rejected')).toEqual([refused]);
  expect(stored[12]).toMatchObject({ reason: { message: expect.stringContaining('WRONGTYPE') } });
  expect(await own.store.alerts.get('RW-29')).toMatchObject({ id: 'RW-29', rev: 1 });
});
