import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertOn, runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { addSentinelRule } from '../support/sentinel';
import { until } from '../support/wait';

let bench: Bench;
afterEach(() => bench.stop());

test('an alert and what people do with it reach Sentinel, also after an outage that is reported', async () => {
  let aheadMs = 0;
  bench = await setUp({ mode: 'http', now: () => Date.now() + aheadMs });
  const { slack, tenant, world } = bench;
  const sentinel = addSentinelRule(tenant);
  const config = join(bench.env.RUNWATCH_DATA_DIR as string, 'runwatch.yaml');
  writeFileSync(config, JSON.stringify({ sentinel: sentinel.target }));
  const { url } = (await bench.start({ RUNWATCH_CONFIG: config })) as { url: string };
  /** Runs the job until it has an effect: the scheduled one may be running. */
  const copied = (what: string, isDone: () => unknown) =>
    until(what, async () => {
      await bench.runNow('sentinel', 'copy');
      return isDone();
    });

  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  await copied('the alert', () => sentinel.alerts.at(-1)?.Traits);
  expect(sentinel.alerts.at(-1)).toMatchObject({
    Severity: expect.stringMatching(/^(high|critical)$/),
    State: 'new',
    Caller: 'Dana Reyes',
    CallerId: expect.any(String),
    Machines: [world.vms.pay01],
  });

  tenant.faults.add({ when: /\/dataCollectionRules\//, status: 403 });
  await slack.press(message, 'acknowledge', 'U0SAM0000', { url });
  await until('acknowledged', () => /acknowledged/i.test(JSON.stringify(message.blocks)));
  const healthPage = async () => (await fetch(`${url}/console/health`)).text();
  await copied('the failure', async () => (await healthPage()).includes('The audit log is not sent'));
  const page = await healthPage();
  expect(page).toMatch(/Alerts are not sent to Microsoft Sentinel: .*HTTP 403/);
  expect(page).toMatch(/The audit log is not sent to Microsoft Sentinel/);
  expect(page).toContain('runwatch doctor');
  await bench.runNow('health', 'watch');
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/runwatch_audit_copy_lag_entries\{place="sentinel"\} [1-9]/);
  expect(metrics).toMatch(/runwatch_troubles\{kind="sentinel"\} 2/);
  expect(sentinel.alerts.every(({ State }) => State === 'new')).toBe(true);

  tenant.faults.clear();
  aheadMs = 31_000;
  await copied('the rest', () => sentinel.audit.length > 0);
  expect(sentinel.alerts.at(-1)).toMatchObject({
    State: 'acknowledged',
    AcknowledgedAt: expect.any(String),
  });
  expect(sentinel.audit).toContainEqual(
    expect.objectContaining({ Action: 'acknowledge', Result: 'done', ActorId: 'U0SAM0000' }),
  );
  expect(sentinel.audit.map(({ Sequence }) => Sequence)).toEqual(sentinel.audit.map((_, index) => index + 1));
});
