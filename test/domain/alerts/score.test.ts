import { newAlert } from '../../../src/domain/alerts/alert';
import { defaultPoints, scoreOf } from '../../../src/domain/alerts/score';
import { severityOf } from '../../../src/domain/alerts/severity';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const execution = executionFrom(event()) as Execution;
const alert = newAlert('RW-1', [execution], execution.startedAt);
const startedAt = Date.parse(execution.startedAt);
const machine = execution.target.id.toLowerCase();

test('the reasons add up to the score, which starts at the technique’s points', () => {
  const { score, severity, reasons } = scoreOf(alert);
  expect(reasons[0]).toEqual({ id: 'technique', points: 47, text: 'Run command' });
  expect(reasons.reduce((sum, { points }) => sum + points, 0)).toBe(score);
  expect(severity).toBe(severityOf(score));
});

test('a score is of its moment: a watch that began later does not change it', () => {
  const scoreWith = (since: number) =>
    scoreOf(alert, { points: defaultPoints, watched: new Map([[machine, since]]) }).score;
  expect(scoreWith(startedAt - 1)).toBe(47 + defaultPoints.watchlist);
  expect(scoreWith(startedAt)).toBe(47 + defaultPoints.watchlist);
  expect(scoreWith(startedAt + 1)).toBe(47);
});
