import type { ManagementGroup } from '../../src/domain/resources/management-group';
import { discover } from '../../src/pipeline/discover';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
let queues: ReturnType<typeof createQueues>;
beforeAll(async () => {
  own = await startStore();
  queues = createQueues(own.address, createLog('silent'));
});
afterAll(async () => {
  await queues.close();
  await own.stop();
});

const production: ManagementGroup = { id: 'mg-production', name: 'Production' };
let visible = ['a', 'b'];
const run = (listManagementGroups: (() => Promise<Map<string, ManagementGroup[]>>) | null) =>
  discover({
    named: null,
    listSubscriptions: async () => visible.map((id) => ({ id, name: id })),
    listManagementGroups,
    polls: own.store.polls,
    health: own.store.health,
    queues,
    history: own.store.history,
    backfillDelayMs: 60_000,
    now: Date.now,
    pollSeconds: 60,
    log: createLog('silent'),
  });
const stored = async () => Object.fromEntries(await own.store.polls.managementGroups(['a', 'b']));
const failing = () => Promise.reject(new Error('management groups: denied'));

test('without a route that needs them, management groups are not read', async () => {
  await run(null);
  expect(await stored()).toEqual({ a: null, b: null });
});

test('if they cannot be read, subscriptions are polled all the same, and the reason is stored', async () => {
  await run(failing);
  expect((await own.store.polls.subscriptions()).map(({ id }) => id)).toEqual(['a', 'b']);
  expect((await queues.poll.getJobSchedulers()).map(({ key }) => key).sort()).toEqual(['a', 'b']);
  const unknown = { above: null, error: 'management groups: denied' };
  expect(await stored()).toEqual({ a: unknown, b: unknown });
});

test('they are stored by subscription, and kept when a later read fails', async () => {
  await run(async () => new Map([['a', [production]]]));
  const { a, b } = await stored();
  expect(a).toEqual({ above: [production], error: null });
  expect(b).toMatchObject({ above: null, error: expect.stringContaining('does not show') });
  await run(failing);
  expect((await stored()).a).toEqual({ above: [production], error: 'management groups: denied' });
});

test('those of a subscription that is gone are dropped', async () => {
  visible = ['b'];
  await run(failing);
  expect((await stored()).a).toBeNull();
});
