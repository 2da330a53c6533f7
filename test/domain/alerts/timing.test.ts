import type { Alert, StateName } from '../../../src/domain/alerts/alert';
import {
  missedSteps,
  overdueSteps,
  spreadOf,
  stepsReached,
  timingOf,
} from '../../../src/domain/alerts/timing';

const start = Date.parse('2026-11-20T22:00:00.000Z');
const after = (minutes: number) => start + minutes * 60_000;
const by = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' } as const;
const sla = { critical: { acknowledge: 5, contain: 30, close: 480 } };

/** An alert with these states after these minutes. */
const alert = (...changes: [StateName, number][]) =>
  ({
    raisedAt: new Date(start).toISOString(),
    severity: 'critical',
    state: changes.at(-1)?.[0] ?? 'new',
    history: changes.map(([to, minutes]) => ({ to, by, at: new Date(after(minutes)).toISOString() })),
  }) satisfies Partial<Alert>;
const minutes = (timing: ReturnType<typeof timingOf>) =>
  Object.values(timing).map((ms) => (ms === null ? null : ms / 60_000));

test.each([
  [alert(), [null, null, null]],
  [alert(['acknowledged', 4], ['contained', 12], ['closed', 120]), [4, 12, 120]],
  [alert(['contained', 3]), [3, 3, null]],
  [alert(['closed', 3]), [3, null, 3]],
  [alert(['contained', 3], ['investigating', 9], ['contained', 20]), [3, 3, null]],
  [alert(['closed', 3], ['acknowledged', 9]), [3, null, null]],
  [alert(['closed', 3], ['acknowledged', 9], ['closed', 20]), [3, null, 20]],
  [alert(['acknowledged', -1]), [0, null, null]],
])('timing of %#', (one, expected) => {
  expect(minutes(timingOf(one))).toEqual(expected);
});

test('each step is reached once: not again by a second containment or close', () => {
  const steps = (before: ReturnType<typeof alert> | null, next: ReturnType<typeof alert>) =>
    stepsReached(before, next).map(({ step, ms }) => [step, ms / 60_000]);
  expect(steps(null, alert())).toEqual([]);
  expect(steps(alert(), alert(['contained', 3]))).toEqual([
    ['acknowledge', 3],
    ['contain', 3],
  ]);
  const closed = alert(['acknowledged', 1], ['closed', 3]);
  expect(steps(alert(['acknowledged', 1]), closed)).toEqual([['close', 3]]);
  expect(steps(closed, closed)).toEqual([]);
  const reopened = alert(['acknowledged', 1], ['closed', 3], ['acknowledged', 5]);
  expect(steps(closed, reopened)).toEqual([]);
  expect(
    steps(reopened, alert(['acknowledged', 1], ['closed', 3], ['acknowledged', 5], ['closed', 9])),
  ).toEqual([]);
});

test.each([
  [alert(), 5, []],
  [alert(), 6, ['acknowledge']],
  [alert(), 31, ['acknowledge', 'contain']],
  [alert(['acknowledged', 6]), 10, ['acknowledge']],
  [alert(['acknowledged', 1], ['contained', 31]), 40, ['contain']],
  [alert(['acknowledged', 1], ['contained', 20], ['investigating', 25]), 400, []],
  [alert(['closed', 4]), 10_000, []],
  [alert(['acknowledged', 1], ['closed', 500]), 10_000, ['close']],
])('missed targets of %# after %d minutes: %p', (one, now, missed) => {
  expect(missedSteps(one, sla, after(now))).toEqual(missed);
});

test.each([
  [alert(), 4, []],
  [alert(), 5, [['acknowledge', 5]]],
  [
    alert(),
    40,
    [
      ['acknowledge', 5],
      ['contain', 30],
    ],
  ],
  [alert(['acknowledged', 9]), 40, [['contain', 30]]],
  [alert(['closed', 600]), 700, []],
])('overdue steps of %# after %d minutes: %p', (one, now, overdue) => {
  expect(
    overdueSteps(one, sla, after(now)).map(({ step, since }) => [step, (since - start) / 60_000]),
  ).toEqual(overdue);
});

test('median and 90th percentile by nearest rank', () => {
  expect(spreadOf([])).toBeNull();
  expect(spreadOf([7])).toEqual({ median: 7, p90: 7 });
  expect(spreadOf([10, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual({ median: 5, p90: 9 });
});
