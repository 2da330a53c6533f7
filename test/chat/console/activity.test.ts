import { activityOf, barDays } from '../../../src/chat/console/activity/activity';
import { activityHtml } from '../../../src/chat/console/activity/activity-page';
import type { AlertFigures } from '../../../src/chat/console/activity/figures';
import { figuresHtml } from '../../../src/chat/console/activity/figures-html';
import { rangesOf, usualText } from '../../../src/chat/console/activity/heat-map';
import { activityHref, activityQueryOf } from '../../../src/chat/console/activity/query';

const hour = 3_600_000;
const day = 24 * hour;
/** A Thursday. */
const now = Date.parse('2026-11-26T12:30:00Z');
const today = Date.parse('2026-11-26T00:00:00Z');
const hostile = '<img src=x onerror=alert(1)>"\'&';

const cardOf = (times: readonly number[], more: object = {}) => ({
  key: 'dana',
  name: 'dana@contoso.example',
  place: '',
  ...activityOf(times, now),
  isLimited: false,
  ...more,
});
const htmlOf = (times: readonly number[], by: 'caller' | 'machine' = 'caller', more: object = {}) =>
  activityHtml({ by, cards: [cardOf(times, more)], page: 1, hasMore: false, today }).text;

test('executions are counted by hour of the week and by day, in UTC', () => {
  const times = [now, now - hour, now - 7 * day, now - 29 * day, now - 31 * day];
  const { week, days, usual, total } = activityOf(times, now);
  expect([week[3 * 24 + 12], week[3 * 24 + 11], total]).toEqual([2, 1, 5]);
  expect(week.reduce((sum, count) => sum + count, 0)).toBe(5);
  expect([days.length, days[29], days[22], days[0]]).toEqual([barDays, 2, 1, 1]);
  expect(days.reduce((sum, count) => sum + count, 0)).toBe(4);
  expect(usual).toBeNull();
});

test('the darkest cell is the caller’s own maximum', () => {
  const text = htmlOf([...Array.from({ length: 8 }, () => now), now - hour, now - hour, now - 2 * hour]);
  expect(text).toMatch(/class="l4"[^>]*>/);
  expect(text).toContain('Thu 12:00–13:00 UTC: 8 commands');
  expect(text).toMatch(/10:00–11:00 UTC: 1 command<\/title><rect class="l1"/);
  expect(text).toContain('most on Thu 12:00–13:00 UTC (8)');
  expect(text).toContain('usual hours 09:00–14:00 UTC');
  expect(text.match(/class="usual"/g)).toHaveLength(2);
});

test('cells and bars link to the alerts of that time', () => {
  const text = htmlOf([now]);
  expect(text).toContain('href="/console?view=all&amp;caller=dana&amp;hour=thu-12"');
  expect(text).toContain('href="/console?view=all&amp;caller=dana&amp;day=2026-11-26"');
  expect(htmlOf([now], 'machine', { key: '/subscriptions/s/vm 1', usual: null })).toContain(
    'machine=%2Fsubscriptions%2Fs%2Fvm+1&amp;hour=thu-12',
  );
});

test('usual hours around midnight have two outlines', () => {
  expect(rangesOf([0, 1, 9, 22, 23])).toEqual([
    [0, 2],
    [9, 10],
    [22, 24],
  ]);
  expect(usualText([0, 23])).toBe('00:00–01:00, 23:00–24:00');
});

test('a caller whose attempts were all denied has no map', () => {
  const text = htmlOf([]);
  expect(text).toContain('Denied attempts only');
  expect(text).not.toContain('class="heat"');
});

test('a page of busy callers stays below 300 KB', () => {
  const times = Array.from({ length: 168 }, (_, i) => now - i * hour);
  const key = '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01';
  const cards = Array.from({ length: 6 }, () => cardOf(times, { key }));
  const text = activityHtml({ by: 'caller', cards, page: 1, hasMore: true, today }).text;
  expect(Buffer.byteLength(text)).toBeLessThan(300_000);
});

test('no name becomes markup', () => {
  expect(htmlOf([now], 'machine', { name: hostile, place: hostile, key: hostile })).not.toContain('<img');
});

test('without any activity, the page says why', () => {
  const none = { by: 'caller' as const, cards: [], hasMore: false, today };
  expect(activityHtml({ ...none, page: 1 }).text).toContain('No commands run in the last 90 days');
  expect(activityHtml({ ...none, page: 7 }).text).toContain('No more activity on this page.');
});

test.each([
  [{}, '/console/activity'],
  [{ by: 'machine', page: '3' }, '/console/activity?by=machine&page=3'],
  [{ by: 'constructor', page: '0' }, '/console/activity'],
  [{ by: ['machine'], page: '101' }, '/console/activity'],
])('the query %j', (given, href) => {
  expect(activityHref(activityQueryOf(given))).toBe(href);
});

const counts = { critical: 0, high: 0, medium: 0, low: 0 };
const figures: AlertFigures = {
  weeks: [
    { start: today - 10 * day, counts, suppressed: 0 },
    { start: today - 3 * day, counts: { ...counts, critical: 2, low: 3 }, suppressed: 1 },
  ],
  acknowledge: {
    critical: { median: 20 * 60_000, of: 2, target: 15 * 60_000 },
    high: { median: 60_000, of: 1, target: 15 * 60_000 },
    medium: { median: null, of: 0, target: null },
    low: { median: null, of: 0, target: null },
  },
};

test('the volumes are drawn, summed up and told as numbers', () => {
  const text = figuresHtml(figures).text;
  expect(text).toContain('5 alerts in 12 weeks, at most 5 a week; 1 of them suppressed');
  expect(text).toContain('Week of Nov 23, 2026: 2 critical, 3 low; 1 suppressed');
  expect(text).toContain('<th scope="row">Nov 23, 2026</th><td class="num">2</td>');
  expect(figuresHtml({ ...figures, weeks: [] }).text).toContain('No alerts in the last 12 weeks.');
});

test('a median is compared with its target', () => {
  const text = figuresHtml(figures).text;
  expect(text).toContain('<strong>20 min</strong>');
  expect(text).toContain('<strong class="alarm">target 15 min</strong>');
  expect(text).toContain('of 1 alert · target 15 min');
  expect(text).toContain('none acknowledged');
});
