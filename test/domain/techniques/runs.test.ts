import fc from 'fast-check';
import type { ActivityEvent } from '../../../src/domain/activity/activity-event';
import { assignRuns, type Run } from '../../../src/domain/techniques/runs';
import { event } from '../../support/event';

const person = (name: string | null) => ({
  id: name && `00000000-0000-4000-8000-0000000000${name}`,
  name: name ?? 'unknown caller',
  upn: null,
  type: name ? ('User' as const) : ('Unknown' as const),
  ip: null,
  appId: null,
});
const at = (second: number) => `2026-11-20T22:14:${String(second).padStart(2, '0')}.000Z`;
const of = (status: ActivityEvent['status'], second: number, who: string | null = 'aa') =>
  event({ id: `${status}${second}${who}`, status, time: at(second), caller: person(who) });

/** Groups event ids by run, whatever the keys are. */
function groupByRun(events: readonly ActivityEvent[], batches = 1): string[][] {
  const byKey = new Map<string, string[]>();
  let runs: Run[] = [];
  const size = Math.ceil(events.length / batches);
  for (let i = 0; i < events.length; i += size) {
    const batch = events.slice(i, i + size);
    const assigned = assignRuns('base', runs, batch);
    runs = assigned.runs;
    batch.forEach(({ id }, index) => {
      const key = assigned.keyOf[index] as string;
      byKey.set(key, [...(byKey.get(key) ?? []), id]);
    });
  }
  return [...byKey.values()].map((ids) => ids.sort()).sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

test('the events of one run are grouped, in any order and any batches', () => {
  const all = [of('started', 1), of('accepted', 2), of('succeeded', 9)];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(all, { minLength: 3 }),
      fc.integer({ min: 1, max: 3 }),
      (events, batches) => {
        expect(groupByRun(events, batches)).toHaveLength(1);
      },
    ),
  );
});

test('a second Started with the same correlation id is a second run, even for the same caller', () => {
  expect(
    groupByRun([of('started', 1), of('succeeded', 3), of('started', 20), of('succeeded', 25)], 4),
  ).toEqual([
    ['started1aa', 'succeeded3aa'],
    ['started20aa', 'succeeded25aa'],
  ]);
});

test('a final event closes the latest run that started before it', () => {
  expect(groupByRun([of('started', 1), of('started', 5), of('failed', 7), of('succeeded', 30)])).toEqual([
    ['failed7aa', 'started5aa'],
    ['started1aa', 'succeeded30aa'],
  ]);
});

test('another caller never joins a run, whatever ids they reuse', () => {
  expect(groupByRun([of('started', 1, 'aa'), of('succeeded', 9, 'bb')], 2)).toHaveLength(2);
  expect(groupByRun([of('started', 1, 'aa'), of('started', 1, 'bb'), of('succeeded', 9, 'bb')], 3)).toEqual([
    ['started1aa'],
    ['started1bb', 'succeeded9bb'],
  ]);
});

test('an event without a caller joins a run by time', () => {
  expect(
    groupByRun(
      [of('started', 1, 'aa'), of('succeeded', 4, null), of('started', 10, 'bb'), of('succeeded', 12, null)],
      4,
    ),
  ).toEqual([
    ['started10bb', 'succeeded12null'],
    ['started1aa', 'succeeded4null'],
  ]);
});

test('the first run keeps the key from older versions, and repeated events change nothing', () => {
  const events = [of('started', 1), of('succeeded', 3), of('started', 20)];
  const first = assignRuns('base', [], events);
  expect(first.keyOf.slice(0, 2)).toEqual(['base', 'base']);
  const again = assignRuns('base', first.runs, events);
  expect(again).toEqual({ runs: first.runs, keyOf: first.keyOf });
});

test('a flood of events with one correlation id keeps a bounded number of runs', () => {
  const events = Array.from({ length: 500 }, (_, i) =>
    event({
      id: `e${i}`,
      status: 'started',
      time: new Date(Date.parse(at(0)) + i * 1000).toISOString(),
      caller: person('aa'),
    }),
  );
  const { runs, keyOf } = assignRuns('base', [], events);
  expect(new Set(keyOf).size).toBe(500);
  expect(runs.length).toBeLessThanOrEqual(200);
});
