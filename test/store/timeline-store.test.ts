import { createStore } from '../../src/store/store';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

test('an event noted while an alert starts to follow is found or delivered, and never missed', async () => {
  const other = createStore(own.address, []);
  const now = Date.now();
  const time = new Date(now).toISOString();
  const owners = Array.from({ length: 500 }, (_, i) => `owner-${i}`);
  const reached = await Promise.all(
    owners.map(async (owner) => {
      const [notified, found] = await Promise.all([
        own.store.timeline.note(owner, [event({ id: owner, time })], now),
        other.timeline.follow([owner], 'RW-1', now - 1000, now + 60_000),
      ]);
      return notified.includes('RW-1') || found.some(({ id }) => id === owner);
    }),
  );
  await other.close();
  expect(owners.filter((_, i) => !reached[i])).toEqual([]);
});

test('alerts that start to follow at once get their own events', async () => {
  const now = Date.now();
  const time = new Date(now).toISOString();
  const ids = Array.from({ length: 120 }, (_, i) => `together-${i}`);
  await Promise.all(ids.map((id) => own.store.timeline.note(id, [event({ id, time })], now)));
  await own.store.timeline.note('shared', [event({ id: 'shared', time })], now);
  const found = await Promise.all(
    ids.map((id, i) => {
      const owners = i % 2 === 0 ? [id, 'shared'] : [id];
      return own.store.timeline.follow(owners, `RW-${id}`, now - 1000, now + 60_000);
    }),
  );
  expect(found.map((events) => events.map(({ id }) => id))).toEqual(
    ids.map((id, i) => (i % 2 === 0 ? [id, 'shared'] : [id])),
  );
  expect(await own.store.timeline.note('together-7', [], now)).toEqual(['RW-together-7']);
});
