import { connect } from '../../src/store/redis/connect';
import { createStore } from '../../src/store/store';
import { startStore, testKeyring } from '../support/store';
import { type StoredKind, storedKinds } from '../support/stored-kinds';
import { simulateYears } from '../support/years';

/** With this, alerts end 40 days after their last change: 10 of them are kept, 30 are the grace of the daily sweep. */
const keepDays = 10;

/** The kinds that only a number of entries bounds, which so few alerts do not reach, and the audit log. */
const growing = ['audit', 'feed', 'exceptionSeen'];

test('five years leave behind what the last months need, and every key has an end or a bound', async () => {
  const own = await startStore();
  const store = createStore(own.address, ['slack'], testKeyring.auditSigner(), keepDays);
  const redis = connect(own.address);
  const after: Record<number, StoredKind[]> = {};
  const faults: string[] = [];
  const days = 5 * 365;
  await simulateYears({
    ...{ store, redis, days, alertsPerDay: 0.2, stepDays: 73 },
    onStep: async (day) => {
      if (day !== 730 && day !== days) return;
      const found = await storedKinds(redis);
      after[day] = found.kinds;
      faults.push(...found.faults);
    },
  });
  expect(faults).toEqual([]);
  const kinds = after[days] ?? [];
  expect(kinds.length).toBeGreaterThan(35);
  const before = new Map(after[730]?.map(({ kind, bytes }) => [kind, bytes]));
  const grown = kinds.filter(
    ({ kind, bytes }) => !growing.includes(kind) && bytes > 1.2 * (before.get(kind) ?? 0) + 2000,
  );
  expect(grown).toEqual([]);
  redis.disconnect();
  await store.close();
  await own.stop();
}, 120_000);
