import {
  completeAfterMs,
  dueAt,
  type Failure,
  type Reading,
  readingOf,
} from '../../../src/domain/evidence/reading';

const start = Date.parse('2026-11-26T12:00:00Z');
const window = { from: new Date(start).toISOString(), to: new Date(start + 900_000).toISOString() };
const completeAt = start + completeAfterMs;
const late: Failure = { what: 'Syslog', why: 'no answer' };
const refused: Failure = { what: 'Syslog', why: 'HTTP 403', final: true };
const read = (now: number, failed: Failure[] = [], before?: Reading) =>
  readingOf(window, completeAt, failed, now, before);

test('logs are read at once, again when they are complete, and then never', () => {
  expect(dueAt(undefined, window, completeAt)).toBe(0);
  const first = read(start + 60_000);
  expect(dueAt(first, window, completeAt)).toBe(completeAt);
  expect(dueAt(read(completeAt, [], first), window, completeAt)).toBeNull();
});

test('logs that are complete when they are first read are read once', () => {
  expect(dueAt(read(completeAt + 1), window, completeAt)).toBeNull();
});

test('a failure is repeated after 30 s, 2, 8 and 32 min', () => {
  let reading = read(start, [late]);
  const waits: (number | null)[] = [];
  for (let i = 0; i < 5; i++) {
    const due = dueAt(reading, window, completeAt);
    waits.push(due && (due - Date.parse(reading.readAt)) / 1000);
    reading = read(due ?? 0, [late], reading);
  }
  expect(waits).toEqual([30, 120, 480, 1920, null]);
});

test('after five failures, incomplete logs are not read before they are complete', () => {
  const fifth = read(start, [late], { ...read(start, [late]), tries: 4 });
  expect(dueAt(fifth, window, completeAt)).toBe(completeAt);
});

test('a refusal is repeated once, when the logs are complete', () => {
  const first = read(start, [refused]);
  expect(dueAt(first, window, completeAt)).toBe(completeAt);
  expect(dueAt(read(completeAt, [refused], first), window, completeAt)).toBeNull();
});

test('a success ends the failures', () => {
  expect(read(start, [], read(start, [late]))).toMatchObject({ tries: 0, failed: [] });
});

test('a longer window is read soon, also after the last reading of the shorter one', () => {
  const last = read(completeAt);
  const longer = { ...window, to: new Date(start + 1_000_000).toISOString() };
  expect(dueAt(last, longer, completeAt + 100_000)).toBe(completeAt + 30_000);
});
