import { timingSection } from '../../src/chat/console/alert-page';
import { newAlert } from '../../src/domain/alerts/alert';
import { acknowledge } from '../../src/domain/alerts/transitions';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { event } from '../support/event';

const raised = Date.parse('2026-11-20T22:00:00.000Z');
const by = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' } as const;
const alert = {
  ...newAlert('RW-1', [executionFrom(event()) as Execution], new Date(raised).toISOString()),
  announced: true,
};
const sla = { medium: { acknowledge: 5 } };

test('the alert page shows the response times once there are any', () => {
  const shown = (one: typeof alert, targets = {}) => timingSection(one, raised + 60_000, targets);
  expect(shown(alert)).toBe(false);
  expect(shown({ ...alert, announced: false }, sla)).toBe(false);
  const taken = acknowledge(alert, { by, at: new Date(raised + 240_000).toISOString() });
  expect(shown({ ...alert, ...taken }, sla)).toMatchObject({
    text: '<section class="card"><h2>Response time</h2><p>Acknowledged after 4 min (target 5 min)</p></section>',
  });
});
