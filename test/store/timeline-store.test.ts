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
