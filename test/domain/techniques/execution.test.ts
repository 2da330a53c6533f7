import fc from 'fast-check';
import type { ActivityEvent } from '../../../src/domain/activity/activity-event';
import { type Execution, executionFrom, mergeExecutions } from '../../../src/domain/techniques/execution';
import { event, vm } from '../../support/event';

const anyEvent = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    second: fc.integer({ min: 0, max: 9 }),
    status: fc.constantFrom('started', 'accepted', 'succeeded', 'failed' as const),
    refused: fc.boolean(),
    resourceId: fc.constantFrom(vm, vm.toUpperCase()),
    ip: fc.constantFrom(null, '203.0.113.1'),
    type: fc.constantFrom('User', 'Unknown' as const),
    role: fc.constantFrom(null, 'Owner', 'Contributor'),
    message: fc.constantFrom(null, 'x', 'y'),
  })
  .map(({ id, second, status, refused, resourceId, ip, type, role, message }) =>
    event({
      id,
      resourceId,
      message,
      status: status as ActivityEvent['status'],
      refused: refused && status === 'failed',
      time: `2026-11-20T22:14:0${second}.000Z`,
      caller: { id: null, name: 'dana', type: type as 'User', ip, appId: null },
      grantedBy: role ? { role, scope: null, assignmentId: null } : null,
    }),
  );

const merge = (events: readonly ActivityEvent[]) =>
  events.map((e) => executionFrom(e) as Execution).reduce(mergeExecutions);

test('events can arrive in any order', () => {
  fc.assert(
    fc.property(
      fc
        .uniqueArray(anyEvent, { minLength: 1, maxLength: 5, selector: (e) => e.id })
        .chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
      ([events, shuffled]) => {
        const { message: _a, requestBody: _b, ...one } = merge(events);
        const { message: _c, requestBody: _d, ...other } = merge(shuffled);
        expect(other).toEqual(one);
      },
    ),
    { numRuns: 1000 },
  );
});

test('events can arrive twice', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyEvent, { minLength: 1, maxLength: 5, selector: (e) => e.id }), (events) => {
      expect(merge([...events, ...events]).eventIds).toEqual(merge(events).eventIds);
      expect(merge([...events, ...events]).status).toBe(merge(events).status);
    }),
  );
});

test('one correlation id on two machines gives two executions; case does not matter', () => {
  const key = (e: ActivityEvent) => executionFrom(e)?.key;
  expect(key(event())).toBe(
    key(
      event({
        resourceId: vm.toUpperCase(),
        operation: event().operation.toUpperCase(),
        correlationId: 'C1',
      }),
    ),
  );
  expect(key(event())).not.toBe(key(event({ resourceId: `${vm}x` })));
});

test('a managed run command belongs to its machine', () => {
  const execution = executionFrom(
    event({
      operation: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/RUNCOMMANDS/WRITE',
      resourceId: `${vm}/runCommands/rc-1`,
    }),
  );
  expect(execution).toMatchObject({
    technique: 'managed-run-command',
    operation: 'Microsoft.Compute/virtualMachines/runCommands/write',
    target: { id: vm, name: 'vm-1' },
  });
});

test('starting a machine runs no code', () => {
  expect(executionFrom(event({ operation: 'Microsoft.Compute/virtualMachines/start/action' }))).toBeNull();
});
