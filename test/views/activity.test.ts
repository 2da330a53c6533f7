import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { activity } from '../../src/views/activity';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const day = 86_400_000;
const now = Date.parse('2026-11-26T12:30:00Z');

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
  const executions = [
    ...Array.from({ length: 11 }, (_, i) => run('dana', 'vm-1', i + 1)),
    run('lee', 'vm-1', 1 / 24),
    run('lee', 'vm-2', 2),
    run('lee', 'vm-2', 95),
    run('kim', 'vm-3', 3, true),
  ];
  await own.store.history.note(executions, now);
});
afterAll(() => own.stop());

let correlation = 0;
function run(name: string, machine: string, daysAgo: number, refused = false): Execution {
  const resourceId = `/subscriptions/s/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/${machine}`;
  const caller = { id: null, name, upn: name, type: 'User' as const, ip: '203.0.113.24', appId: null };
  correlation += 1;
  const execution = executionFrom(
    event({ caller, resourceId, correlationId: `c${correlation}` }),
  ) as Execution;
  return { ...execution, refused, startedAt: new Date(now - daysAgo * day).toISOString() };
}

const cardsOf = async (by: 'caller' | 'machine') =>
  (await activity({ by, page: 1 }, own.store.history, now)).cards.map(({ name, place, total, usual }) => ({
    name,
    place,
    total,
    usual,
  }));

test('callers, the latest first, without denied attempts and what is too old', async () => {
  expect(await cardsOf('caller')).toEqual([
    { name: 'lee', place: '', total: 2, usual: null },
    { name: 'dana', place: '', total: 11, usual: [11, 12, 13] },
    { name: 'kim', place: '', total: 0, usual: null },
  ]);
});

test('machines, with what all callers ran there', async () => {
  expect(await cardsOf('machine')).toEqual([
    { name: 'vm-1', place: 'rg-web', total: 12, usual: null },
    { name: 'vm-2', place: 'rg-web', total: 1, usual: null },
  ]);
});

test('a page has six callers, and reads at most 1,000 executions of each', async () => {
  const executions = Array.from({ length: 20 }, (_, i) => run(`many-${i}`, 'vm-9', 1));
  executions.push(...Array.from({ length: 1100 }, (_, i) => run('robot', 'vm-9', i / 100)));
  await own.store.history.note(executions, now);
  const first = await activity({ by: 'caller', page: 1 }, own.store.history, now);
  expect([first.cards.length, first.hasMore]).toEqual([6, true]);
  expect(first.cards.find(({ name }) => name === 'robot')).toMatchObject({ total: 1000, isLimited: true });
  const last = await activity({ by: 'caller', page: 4 }, own.store.history, now);
  expect([last.cards.length, last.hasMore]).toEqual([6, false]);
});
