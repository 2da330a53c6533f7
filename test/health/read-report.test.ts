import { readReport } from '../../src/health/read-report';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
beforeEach(async () => {
  own = await startStore(['slack']);
});
afterEach(() => own.stop());

const id = '5f3c0000-0000-4000-8000-000000000000';
const now = Date.parse('2026-11-26T03:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();
type Azure = Parameters<typeof readReport>[0]['azure'];
const unreachable: Azure = {
  botId: async () => null,
  assignmentsOf: async () => [],
  roleDefinitions: async () => [],
};

async function report(azure = unreachable, responders: { kind: 'everyone' }[] = [{ kind: 'everyone' }]) {
  const queues = createQueues(own.address, createLog('silent'));
  try {
    const config = { pollSeconds: 20, eventHub: null, policy: {}, responders } as never;
    return await readReport({ config, store: own.store, queues, azure, now: () => now });
  } finally {
    await queues.close();
  }
}

test('reports how far each log was read, and what waits since when', async () => {
  const { polls, health, deliveries } = own.store;
  await polls.putSubscription({ id, name: 'Payments', lastPollAt: iso(now - 5000), error: null });
  await polls.moveWatermark(id, iso(now - 9000));
  await deliveries.addNotice({ id: 'notice-1', text: 'x' }, ['slack']);
  await health.note('slack C0123', null, now - 60_000);
  await health.note('slacker C0123', null, now - 1000);
  await polls.storeUnreadable([{} as never]);
  const found = await report();
  expect(found.subscriptions).toMatchObject([
    { id, name: 'Payments', readTo: iso(now - 9000), status: null },
  ]);
  expect(found.surfaces).toMatchObject([
    { name: 'slack', waiting: 1, acceptedAt: iso(now - 60_000), error: null },
  ]);
  expect(found.surfaces[0]?.waitsSince).not.toBeNull();
  expect(found).toMatchObject({ unreadable: 1, problems: [], permissions: { checked: 0, lacking: [] } });
});

test('a problem has the time at which it was first noticed', async () => {
  const trouble = {
    id: 'no subscription',
    kind: 'no subscription',
    says: '',
    over: '',
    since: now - 600_000,
  };
  await own.store.health.putTrouble({ ...trouble, noticeId: null });
  expect((await report()).problems).toMatchObject([{ id: 'no subscription', since: iso(now - 600_000) }]);
});

const role = (actions: string[]) => ({
  id: 'role-1',
  name: 'A role',
  custom: false,
  permissions: [{ actions, notActions: [], dataActions: [], notDataActions: [] }],
});
const granting = (actions: string[], scope = `/subscriptions/${id}/resourceGroups/rg`): Azure => ({
  botId: async () => 'bot',
  assignmentsOf: async () => [
    {
      id: 'x',
      name: 'x',
      scope,
      roleDefinitionId: 'role-1',
      principalId: 'bot',
      principalType: 'ServicePrincipal',
    } as never,
  ],
  roleDefinitions: async () => [role(actions) as never],
});

test('permissions that no role of the identity has are missing; a role on one resource group is enough', async () => {
  await own.store.polls.putSubscription({ id, name: 'Payments', lastPollAt: null, error: null });
  expect((await report(granting(['*']))).permissions).toEqual({ lacking: [], checked: 1 });
  const { lacking, checked } = (await report(granting(['*/read']))).permissions;
  expect(checked).toBe(1);
  expect(lacking).toMatchObject([{ subscription: 'Payments', actions: expect.arrayContaining(['Isolate']) }]);
  expect(lacking[0]?.actions).not.toContain('Acknowledge');
});

test('without responders, or an answer of Azure, no permission is called missing', async () => {
  await own.store.polls.putSubscription({ id, name: 'Payments', lastPollAt: null, error: null });
  expect((await report(granting(['*/read']), [])).permissions).toEqual({ lacking: [], checked: 0 });
  const failing = { ...granting(['*']), assignmentsOf: () => Promise.reject(new Error('Azure is down')) };
  expect((await report(failing)).permissions).toEqual({ lacking: [], checked: 0 });
});
