import { runCommand } from '../../src/demo/scenarios';
import { recordsOf } from '../../src/demo/tenant/records';
import { subscriptions } from '../../src/demo/world';
import type { ActivityEvent } from '../../src/domain/activity/activity-event';
import { normalize } from '../../src/domain/activity/read-record';
import { batchesOf } from '../../src/pipeline/event-batches';

function eventsOf(caller: string, count: number): ActivityEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const operation = {
      name: runCommand,
      resourceId: `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-${i}`,
      caller: {
        id: `${caller}-0000-4000-8000-000000000000`,
        kind: 'User' as const,
        name: caller,
        login: `${caller}@contoso.example`,
      },
      ip: '203.0.113.24',
      at: Date.UTC(2026, 0, 1),
      tookMs: 1000,
    };
    const read = normalize(recordsOf(operation, 'tenant')[2]);
    if (!('event' in read)) throw new Error('unreadable');
    return read.event;
  });
}

test('keeps the events of a caller in one job, so that a burst is seen whole', () => {
  const [one, two] = [eventsOf('00000001', 300), eventsOf('00000002', 200)];
  const mixed = one.flatMap((event, i) => (two[i] ? [event, two[i]] : [event]));
  expect(batchesOf(mixed).map((batch) => batch.map(({ caller }) => caller.id))).toEqual(
    [one, two].map((theirs) => theirs.map(({ caller }) => caller.id)),
  );
});

test('splits the events of many callers, and of one that has more than a job may hold', () => {
  const callers = Array.from({ length: 260 }, (_, i) => eventsOf(String(10_000_000 + i), 1)).flat();
  expect(batchesOf(callers).map(({ length }) => length)).toEqual([250, 10]);
  expect(batchesOf(eventsOf('00000003', 2100)).map(({ length }) => length)).toEqual([1000, 1000, 100]);
  expect(batchesOf([])).toEqual([]);
});
