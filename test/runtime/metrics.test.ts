import { newAlert } from '../../src/domain/alerts/alert';
import { acknowledge, close, contain, reopen } from '../../src/domain/alerts/transitions';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { createMetrics } from '../../src/runtime/metrics';
import { event } from '../support/event';

const raised = '2026-11-20T22:00:00.000Z';
const by = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' } as const;
const at = (minutes: number) => ({ by, at: new Date(Date.parse(raised) + minutes * 60_000).toISOString() });

test('response times are observed once per alert and step', async () => {
  const metrics = createMetrics();
  const plain = newAlert('RW-1', [executionFrom(event()) as Execution], raised);
  const versions = [{ ...plain, severity: 'high' as const, announced: true }];
  const change = (next: (alert: (typeof versions)[0]) => unknown) =>
    versions.push(next(versions.at(-1) as (typeof versions)[0]) as (typeof versions)[0]);
  change((alert) => acknowledge(alert, at(4)));
  change((alert) => contain(alert, at(12)));
  change((alert) => close(alert, 'benign', at(120)));
  change((alert) => reopen(alert, at(130)));
  change((alert) => close(alert, 'benign', at(140)));
  for (const [i, version] of versions.entries()) metrics.changedAlert(versions[i - 1] ?? null, version);
  metrics.changedAlert(plain, { ...plain, ...acknowledge(plain, at(1)) });
  const text = await metrics.registry.metrics();
  for (const [step, seconds] of [
    ['acknowledge', 240],
    ['contain', 720],
    ['close', 7200],
  ]) {
    expect(text).toContain(`runwatch_time_to_${step}_seconds_sum{severity="high"} ${seconds}\n`);
    expect(text).toContain(`runwatch_time_to_${step}_seconds_count{severity="high"} 1\n`);
  }
  expect(text).not.toContain('seconds_count{severity="medium"}');
});
