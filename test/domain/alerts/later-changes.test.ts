import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import {
  lastSeverityChange,
  severityChangeText,
  withLaterChanges,
} from '../../../src/domain/alerts/later-changes';
import { type Reason, severityOf } from '../../../src/domain/alerts/severity';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const at = (minutes: number) => new Date(Date.parse('2026-11-20T22:00:00Z') + minutes * 60_000).toISOString();
const base: Reason = { id: 'technique', points: 47, text: 'Run command' };
const burst = (machines: number, points = 15): Reason => ({
  id: 'burst',
  points,
  text: `${machines} machines in 3 minutes`,
});
const address: Reason = { id: 'newAddress', points: 8, text: 'new IP address' };
const test01: Reason = { id: 'test', points: -20, text: 'test environment' };

const blank = newAlert('RW-1', [executionFrom(event()) as Execution], at(0));
const scored = (alert: Alert, reasons: Reason[]): Alert => {
  const score = Math.min(
    100,
    reasons.reduce((sum, { points }) => sum + points, 0),
  );
  return { ...alert, reasons, score, severity: severityOf(score) };
};
/** An alert that is shown with these reasons, and then has each of the others, a minute apart. */
const changed = (first: Reason[], ...others: Reason[][]): Alert =>
  others.reduce(
    (before, reasons, index) => withLaterChanges(before, scored(before, reasons), at(index + 1)),
    scored({ ...blank, announced: true }, first),
  );

test('a score that changes within its severity is noted, with what was added', () => {
  const alert = changed([base], [base, address]);
  expect(alert.scoreChanges).toEqual([
    {
      at: at(1),
      from: { score: 47, severity: 'medium' },
      to: { score: 55, severity: 'medium' },
      reasons: [{ id: 'newAddress', kind: 'added', text: 'new IP address', points: 8 }],
    },
  ]);
  expect(alert.reasons[1]?.addedAt).toBe(at(1));
  expect(lastSeverityChange(alert)).toBeUndefined();
});

test('a reason that goes away is noted', () => {
  expect(changed([base, address], [base]).scoreChanges).toMatchObject([
    { from: { score: 55 }, to: { score: 47 }, reasons: [{ kind: 'removed', id: 'newAddress', points: -8 }] },
  ]);
});

test('a reason whose text or points change is noted with both', () => {
  expect(changed([base, burst(12)], [base, burst(30)]).scoreChanges).toMatchObject([
    {
      from: { score: 62 },
      to: { score: 62 },
      reasons: [
        { kind: 'changed', was: '12 machines in 3 minutes', text: '30 machines in 3 minutes', points: 0 },
      ],
    },
  ]);
  expect(changed([base, burst(12)], [base, burst(12, 20)]).scoreChanges).toMatchObject([
    { from: { score: 62 }, to: { score: 67 }, reasons: [{ kind: 'changed', points: 5 }] },
  ]);
});

test('a change is noted although the score stays at its limit', () => {
  const full = { ...base, points: 100 };
  expect(changed([full], [full, address]).scoreChanges).toMatchObject([
    { from: { score: 100 }, to: { score: 100 }, reasons: [{ kind: 'added' }] },
  ]);
});

test('nothing is noted before an alert is shown, or if nothing changed', () => {
  const before = scored(blank, [base]);
  expect(withLaterChanges(before, scored(before, [base, address]), at(1))).toMatchObject({
    reasons: [base, address],
    scoreChanges: [],
  });
  expect(withLaterChanges(null, before, at(1))).toBe(before);
  expect(changed([base, address], [base, address]).scoreChanges).toEqual([]);
});

test('reasons without an id, of older versions, are not compared', () => {
  const old = { points: 47, text: 'Run command' };
  expect(changed([old], [base]).scoreChanges).toEqual([]);
  expect(changed([old], [base, address]).scoreChanges).toMatchObject([
    { from: { score: 47 }, to: { score: 55 }, reasons: [] },
  ]);
});

test('texts that change again and again are one change', () => {
  const sizes = Array.from({ length: 40 }, (_, i) => [base, burst(13 + i)]);
  const { scoreChanges } = changed([base, burst(12)], ...sizes);
  expect(scoreChanges).toMatchObject([
    { at: at(40), reasons: [{ was: '12 machines in 3 minutes', text: '52 machines in 3 minutes' }] },
  ]);
  expect(changed([base, burst(12)], [base, burst(13)], [base, burst(12)]).scoreChanges).toEqual([]);
});

test('the list is bounded, and changes of the severity are kept longest', () => {
  const others = Array.from({ length: 30 }, (_, i) => [base, ...(i % 2 ? [] : [address])]);
  const alert = changed([base, test01], ...others);
  expect(alert.scoreChanges).toHaveLength(20);
  expect(lastSeverityChange(alert)).toMatchObject({ at: at(1), from: { severity: 'low' } });
  expect(alert.scoreChanges.at(-1)?.at).toBe(at(30));
});

test.each([
  [
    [base, test01],
    [base, burst(12)],
    'raised from low to medium: no longer test environment, 12 machines in 3 minutes',
  ],
  [[base], [base, test01], 'lowered from medium to low: test environment'],
  [[base], [{ ...base, points: 70 }, address], 'raised from medium to high: Run command, new IP address'],
])('a change of severity names what moved it: %#', (first, then, text) => {
  const change = lastSeverityChange(changed(first, then));
  expect(change && severityChangeText(change)).toBe(text);
});
