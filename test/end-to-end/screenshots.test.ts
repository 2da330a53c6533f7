import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { logHistory, scenarios } from '../../src/demo/scenarios';
import { subscriptions } from '../../src/demo/world';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;

beforeAll(async () => {
  bench = await setUp({ mode: 'http' });
  logHistory(bench.tenant, bench.world);
  bench.slack.users.set('U0DANA000', { name: 'Dana Reyes', email: 'dana.reyes@contoso.example' });
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
});

/** Takes screenshots for the guide that need a chat or an escalation target, into test-results. */
test('the console shows who was asked, where it was escalated to, and what was cleaned up', async () => {
  const { slack, tenant, world } = bench;
  const workspace = `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/soc`;
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, `escalation: {sentinel: ${workspace}, channel: []}`);
  const app = await bench.start({ RUNWATCH_CONFIG: file });
  await app.historyFilled();
  for (const { name, play } of scenarios) if (name === 'night') play(tenant, world);
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, deviceScaleFactor: 1.5 });
  const open = async (title: string) => {
    await page.goto(`${app.url}/console`);
    const link = page.getByRole('link', { name: title, exact: true });
    await until(title, async () => {
      if ((await link.count()) > 0) return true;
      await page.reload();
      return false;
    });
    await link.click();
  };
  const shot = async (name: string) => {
    await page.evaluate(`document.getElementById('toasts').replaceChildren()`);
    await page.screenshot({ path: join(__dirname, `../../test-results/${name}.png`), fullPage: true });
  };

  await open('Run command on vm-pay-01');
  const next = page.locator('#part-next');
  await page.locator('.days').waitFor();
  await next.locator('[data-action=ask_caller]').click();
  await next.getByText('was asked').waitFor();
  const asked = await until('the question', () => slack.messages.find((m) => m.channel === 'U0DANA000'));
  expect(asked.text).toContain('vm-pay-01');
  await page.locator('summary', { hasText: 'Hand over' }).click();
  await page.locator('#part-responses [data-opens=escalate]').click();
  await page.locator('dialog [data-action=escalate]').click();
  await next.getByText('Escalated by').locator('a[href*=app_redirect]').waitFor();
  await shot('escalated');

  await open('Managed run command on vm-pay-01');
  await page.locator('summary', { hasText: 'Recover' }).click();
  await page.locator('#part-responses [data-opens=clean_up]').click();
  await page.locator('dialog [data-action=clean_up]').waitFor();
  await shot('clean-up');
  await page.locator('dialog [data-action=clean_up]').click();
  await next.getByText('was removed from the machine').waitFor();
}, 90_000);
