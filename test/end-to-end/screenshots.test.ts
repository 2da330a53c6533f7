import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
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
  const page = await browser.newPage({ viewport: { width: 1040, height: 1000 }, deviceScaleFactor: 1.5 });
  await page.goto(`${app.url}/console`);
  const shot = (card: Locator, name: string) =>
    card.screenshot({ path: join(__dirname, `../../test-results/${name}.png`) });

  const night = page.locator('article.card', { hasText: 'Run command on vm-pay-01' }).first();
  await night.getByText('related events').waitFor();
  await night.locator('[data-action=ask_caller]').click();
  await night.getByText('was asked').waitFor();
  const asked = await until('the question', () => slack.messages.find((m) => m.channel === 'U0DANA000'));
  expect(asked.text).toContain('vm-pay-01');
  await night.locator('[data-opens=escalate]').click();
  await night.locator('[data-action=escalate]').click();
  await night.getByText('Escalated by').filter({ hasText: 'app_redirect' }).waitFor();
  await shot(night, 'escalated');

  const managed = page.locator('article.card', { hasText: 'Managed run command on vm-pay-01' });
  await managed.locator('[data-opens=more]').click();
  await managed.locator('[data-opens=clean_up]').click();
  await shot(managed, 'clean-up');
  await managed.locator('[data-action=clean_up]').click();
  await managed.getByText('was removed from the machine').waitFor();
}, 90_000);
