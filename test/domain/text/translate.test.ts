import {
  counted,
  dayText,
  numberText,
  phrase,
  t,
  timeText,
  translate,
  useLocale,
} from '../../../src/domain/text/translate';

afterEach(() => useLocale('en-US'));

const isolate = (name: string, count: number) => t`Isolate ${name} and ${count} more…`;

test('English uses the texts in the code, with separators in numbers', () => {
  expect(isolate('vm-1', 1200)).toBe('Isolate vm-1 and 1,200 more…');
  expect([0, 7, 999, 1000, -1200, 2.5].map(numberText)).toEqual(['0', '7', '999', '1,000', '-1,200', '2.5']);
  expect([1, 2, 1200].map((count) => counted(count, '# machine', '# machines'))).toEqual([
    '1 machine',
    '2 machines',
    '1,200 machines',
  ]);
  expect(counted(1, 'its disk', 'its # disks')).toBe('its disk');
});

test('a catalogue may move values, and has a text for each plural category', () => {
  useLocale('pl', {
    'Isolate {0} and {1} more…': '{1} więcej i {0}: izoluj…',
    Close: 'Zamknij',
    '# machines': { one: '# maszyna', few: '# maszyny', many: '# maszyn', other: '# maszyny' },
  });
  expect(isolate('vm-1', 12_000)).toBe('12\u00a0000 więcej i vm-1: izoluj…');
  expect(translate(phrase('Close'))).toBe('Zamknij');
  expect([1, 3, 5].map((count) => counted(count, '# machine', '# machines'))).toEqual([
    '1 maszyna',
    '3 maszyny',
    '5 maszyn',
  ]);
  useLocale('en-US');
  expect(isolate('vm-1', 1)).toBe('Isolate vm-1 and 1 more…');
});

test('a text without a translation stays English, with its values', () => {
  useLocale('de', { Close: 'Schließen' });
  expect(isolate('{1}', 1200)).toBe('Isolate {1} and 1.200 more…');
  expect(counted(2, '# machine', '# machines')).toBe('2 machines');
  expect(translate('Custom technique')).toBe('Custom technique');
});

test('days and times in UTC, in the format of the whole tag', () => {
  expect(dayText('2026-11-26')).toBe('Nov 26, 2026');
  expect(timeText('2026-11-26T14:05:09Z')).toBe('Nov 26, 2026, 2:05 PM UTC');
  useLocale('en-GB');
  expect(dayText('2026-11-26')).toBe('26 Nov 2026');
  expect(timeText('2026-11-26T14:05:09Z')).toBe('26 Nov 2026, 14:05 UTC');
});
