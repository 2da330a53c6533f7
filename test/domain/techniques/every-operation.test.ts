import { recordsOf } from '../../../src/demo/tenant/records';
import { normalize } from '../../../src/domain/activity/read-record';
import { allTechniques, detectTechnique } from '../../../src/domain/techniques/catalogue';
import { type Execution, executionFrom, mergeExecutions } from '../../../src/domain/techniques/execution';
import { exported } from '../../support/export-shape';
import { resourceOf } from '../../support/operation-resource';

const subscription = '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01';
const caller = {
  id: '9e1f4f2a-0c7b-4a8e-b1d7-3f2c5a6b7c8d',
  kind: 'User' as const,
  name: 'Dana',
  login: 'dana@x.example',
};
const operations = allTechniques().flatMap((technique) =>
  technique.operations.map((operation) => [operation, technique] as const),
);

const read = (records: readonly unknown[]): Execution =>
  records
    .map((record) => {
      const result = normalize(record);
      if (!('event' in result)) throw new Error(result.unreadable.reason);
      return executionFrom(result.event) as Execution;
    })
    .reduce(mergeExecutions);

test.each(operations)('%s is read from the log and from its export', (operation, { id, targets }) => {
  const resourceId = resourceOf(operation, subscription);
  const logged = recordsOf(
    {
      name: operation,
      resourceId,
      caller,
      ip: '203.0.113.24',
      at: Date.parse('2026-11-20T22:14:00Z'),
      tookMs: 5000,
    },
    'tenant',
  );
  const live = read(logged);
  expect(live).toMatchObject({ technique: id, operation, status: 'succeeded' });
  expect(live.eventIds).toHaveLength(3);
  const machine = targets.find((type) => type.toLowerCase() === live.target.type.toLowerCase());
  if (targets.length > 0) expect(machine).toBeDefined();
  else expect(live.target.name).not.toBe('');
  const copy = read(exported(logged).records);
  expect(copy).toMatchObject({ technique: id, operation, key: live.key });
  expect(copy.target.id.toLowerCase()).toBe(live.target.id.toLowerCase());
  expect(copy.eventIds).toEqual(live.eventIds);
});

test('no operation belongs to two techniques', () => {
  for (const [operation, technique] of operations)
    expect(detectTechnique(operation)?.technique).toBe(technique);
  const names = operations.map(([operation]) => operation.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
});

test('operations that are off, confirmed or unverified are operations of their technique', () => {
  for (const { operations: own, offByDefault, check, unconfirmed = [] } of allTechniques()) {
    const named = [
      ...unconfirmed,
      ...(check?.operations ?? []),
      ...(offByDefault === 'all' ? [] : (offByDefault ?? [])),
    ];
    expect(own).toEqual(expect.arrayContaining(named));
    for (const id of check?.orElse ?? []) expect(allTechniques().map((each) => each.id)).toContain(id);
  }
});
