import { usualHours } from '../../../src/domain/alerts/usual-hours';

test('the usual hours are those within one hour of an execution, also around midnight', () => {
  const hours = [...Array.from({ length: 9 }, () => 9), 23];
  expect([...(usualHours(hours) ?? [])].sort((a, b) => a - b)).toEqual([0, 8, 9, 10, 22, 23]);
});

test('a few executions don’t tell the usual hours', () => {
  expect(usualHours(Array.from({ length: 9 }, () => 9))).toBeNull();
});
