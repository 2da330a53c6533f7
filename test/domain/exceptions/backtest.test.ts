import { newAlert } from '../../../src/domain/alerts/alert';
import { backtest, backtestLimit, backtestText } from '../../../src/domain/exceptions/backtest';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const execution = executionFrom(event()) as Execution;
const plain = newAlert('RW-1', [execution], execution.startedAt);
const alerts = [plain, { ...plain, id: 'RW-2', severity: 'critical' as const }];
const match = { target: execution.target.name };
const words = (exception: Parameters<typeof backtest>[0], among = alerts) =>
  backtestText(backtest(exception, among, () => ({})));

test('alerts that are not suppressed only because they are critical are listed separately', () => {
  expect(words({ match })).toBe(
    'It would have suppressed 1 of the 2 alerts of the last 30 days: RW-1. 1 matches, but its score is critical: RW-2.',
  );
  expect(words({ match }, alerts.slice(1))).toBe(
    'It would have suppressed none of the 1 alerts of the last 30 days. 1 matches, but its score is critical: RW-2.',
  );
  expect(words({ match, silenceCritical: true })).toBe(
    'It would have suppressed 2 of the 2 alerts of the last 30 days: RW-1, RW-2.',
  );
  expect(words({ match: { target: 'another' } })).toBe(
    'It would have suppressed none of the 2 alerts of the last 30 days.',
  );
});

test('a backtest that reached its limit says so', () => {
  const many = Array.from({ length: backtestLimit }, () => plain);
  expect(words({ match: { target: 'another' } }, many)).toBe(
    'It would have suppressed none of the newest 5,000 alerts of the last 30 days.',
  );
});
