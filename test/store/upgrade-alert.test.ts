import { newAlert } from '../../src/domain/alerts/alert';
import { severityChangeText } from '../../src/domain/alerts/later-changes';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { readAlert } from '../../src/store/upgrade-alert';
import { event } from '../support/event';

const at = '2026-11-20T22:00:00.000Z';
const { scoreChanges: _, ...stored } = newAlert('RW-1', [executionFrom(event()) as Execution], at);

test('changes of the severity that an earlier version stored are read as changes of the score', () => {
  const severityChanges = [{ at, from: 'medium', to: 'critical', reasons: ['12 machines in 3 minutes'] }];
  const alert = readAlert(JSON.stringify({ ...stored, severityChanges }));
  expect(alert).not.toHaveProperty('severityChanges');
  expect(alert.scoreChanges).toEqual([
    {
      at,
      from: { score: null, severity: 'medium' },
      to: { score: null, severity: 'critical' },
      reasons: [{ id: '', kind: 'added', text: '12 machines in 3 minutes' }],
    },
  ]);
  const [change] = alert.scoreChanges;
  expect(change && severityChangeText(change)).toBe(
    'raised from medium to critical: 12 machines in 3 minutes',
  );
});

test('an alert without any changes has none, and one of this version is read as it is', () => {
  expect(readAlert(JSON.stringify(stored)).scoreChanges).toEqual([]);
  const { exceptionOf: __, ...oldest } = stored;
  expect(readAlert(JSON.stringify(oldest)).scoreChanges).toEqual([]);
  const alert = newAlert('RW-1', [executionFrom(event()) as Execution], at);
  expect(readAlert(JSON.stringify(alert))).toEqual(alert);
});
