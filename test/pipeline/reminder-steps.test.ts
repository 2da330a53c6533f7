import { newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { dueSteps, nextStepAt, reminderSteps } from '../../src/pipeline/reminder-steps';
import { event } from '../support/event';

const raised = '2026-11-20T22:00:00.000Z';
const alert = judge(newAlert('RW-1', [executionFrom(event()) as Execution], raised), [], {
  points: defaultPoints,
});
const after = (minutes: number) => Date.parse(raised) + minutes * 60_000;
const by = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' } as const;

test.each([
  [59, [], 60],
  [60, [0], 180],
  [179, [0], 180],
  [180, [1], 540],
  [540, [2], Infinity],
  [5000, [2], Infinity],
  [40_000, [], Infinity],
])('a medium alert after %i minutes: rounds %p, the next after %d', (minutes, rounds, next) => {
  expect(alert.severity).toBe('medium');
  const steps = reminderSteps(alert, {});
  const due = dueSteps(steps, after(minutes));
  expect(due).toMatchObject(rounds.map((round) => ({ kind: 'unacknowledged', round })));
  expect(nextStepAt(steps, after(minutes))).toBe(next === Infinity ? Infinity : after(next));
});

test('suppressed, low and closed alerts get no reminder', () => {
  expect(reminderSteps({ ...alert, announced: false }, {})).toEqual([]);
  expect(reminderSteps({ ...alert, severity: 'low' }, {})).toEqual([]);
  const closed = { to: 'closed' as const, by, at: raised };
  expect(reminderSteps({ ...alert, state: 'closed', history: [closed] }, {})).toEqual([]);
});

test('an acknowledged alert is reminded of when it is idle', () => {
  const taken = {
    ...alert,
    state: 'acknowledged' as const,
    history: [{ to: 'acknowledged' as const, by, at: new Date(after(10)).toISOString() }],
  };
  expect(reminderSteps(taken, {})).toMatchObject([{ kind: 'idle', at: after(490) }]);
  expect(reminderSteps(taken, { reminders: { sleeping: 0 } })).toEqual([]);
});

test('an unanswered question is noted however late', () => {
  const asked = { at: raised, userId: 'U1', name: 'Dana', answer: null, answeredAt: null };
  const steps = reminderSteps({ ...alert, severity: 'low', triage: { asked } }, {});
  expect(dueSteps(steps, after(29))).toEqual([]);
  expect(dueSteps(steps, after(100_000))).toMatchObject([{ kind: 'unanswered', minutes: 30 }]);
  expect(
    reminderSteps({ ...alert, severity: 'low', triage: { asked: { ...asked, silentFor: 30 } } }, {}),
  ).toEqual([]);
});

test('a target replaces the wait of new alerts, and each missed later target is a step until it is reached', () => {
  const sla = { medium: { acknowledge: 10, contain: 40, close: 100 } };
  const kinds = (one: typeof alert) =>
    reminderSteps(one, { sla }).map((step) => [
      step.kind === 'target' ? step.step : step.kind,
      (step.at - after(0)) / 60_000,
    ]);
  const ms = 1 / 60_000;
  const late = [
    ['contain', 40 + ms],
    ['close', 100 + ms],
  ];
  expect(kinds(alert)).toEqual([
    ['unacknowledged', 10],
    ['unacknowledged', 30],
    ['unacknowledged', 90],
    ...late,
  ]);
  const moved = (...states: ('contained' | 'investigating' | 'closed')[]) => ({
    ...alert,
    state: states.at(-1) as 'closed',
    history: states.map((to) => ({ to, by, at: raised })),
  });
  expect(kinds(moved('investigating'))).toEqual([['idle', 480], ...late]);
  expect(kinds(moved('contained', 'investigating'))).toEqual([['idle', 480], late[1]]);
  expect(kinds(moved('closed'))).toEqual([]);
  expect(reminderSteps(alert, { sla: { medium: { close: 100 } } })[0]).toMatchObject({ at: after(60) });
});
