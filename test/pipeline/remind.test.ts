import { newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { defaultReminders, roundOf } from '../../src/pipeline/remind';
import { event } from '../support/event';

const raised = '2026-11-20T22:00:00.000Z';
const alert = judge(newAlert('RW-1', [executionFrom(event()) as Execution], raised), [], {
  points: defaultPoints,
});
const after = (minutes: number) => Date.parse(raised) + minutes * 60_000;

test.each([
  [59, null],
  [60, 0],
  [179, 0],
  [180, 1],
  [540, 2],
  [5000, 2],
])('a medium alert after %i minutes: round %s', (minutes, round) => {
  expect(alert.severity).toBe('medium');
  expect(roundOf(alert, defaultReminders, after(minutes))).toBe(round);
});

test('acknowledged, suppressed and low alerts get no reminder', () => {
  expect(roundOf({ ...alert, state: 'acknowledged' }, defaultReminders, after(600))).toBeNull();
  expect(roundOf({ ...alert, announced: false }, defaultReminders, after(600))).toBeNull();
  expect(roundOf({ ...alert, severity: 'low' }, defaultReminders, after(600))).toBeNull();
});
