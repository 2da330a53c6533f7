import { dayStart, hourOfWeek, lastWeeks, weekOf, weekStart } from '../../../src/domain/text/weeks';

const iso = (ms: number) => new Date(ms).toISOString();

test('a week begins on Monday in UTC', () => {
  const monday = Date.parse('2026-11-23T00:00:00Z');
  expect(iso(weekStart(weekOf(monday)))).toBe('2026-11-23T00:00:00.000Z');
  expect(weekOf(monday - 1)).toBe(weekOf(monday) - 1);
  expect(weekOf(monday + 7 * 86_400_000 - 1)).toBe(weekOf(monday));
});

test('the last weeks end with the current one', () => {
  const weeks = lastWeeks(Date.parse('2026-11-26T12:00:00Z'), 3);
  expect(weeks.map((week) => iso(weekStart(week)).slice(0, 10))).toEqual([
    '2026-11-09',
    '2026-11-16',
    '2026-11-23',
  ]);
});

test('the hours of a week are counted from Monday', () => {
  expect(hourOfWeek(Date.parse('2026-11-23T00:59:59Z'))).toBe(0);
  expect(hourOfWeek(Date.parse('2026-11-26T12:00:00Z'))).toBe(3 * 24 + 12);
  expect(hourOfWeek(Date.parse('2026-11-29T23:00:00Z'))).toBe(167);
  expect(iso(dayStart(Date.parse('2026-11-26T12:00:00Z')))).toBe('2026-11-26T00:00:00.000Z');
});
