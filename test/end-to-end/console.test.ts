import { userInfo } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { runCommand } from '../../src/demo/scenarios';
import { createStore } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let url: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const app = await bench.start();
  url = `${app.url}/console`;
  browser = await openBrowser();
  page = await browser.newPage();
});
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
});

test('an alert appears without a reload and can be acknowledged, isolated, released and excepted', async () => {
  const { tenant, world } = bench;
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(url);
  await page.getByText('No alerts yet').waitFor();
  tenant.log({
    name: runCommand,
    resourceId: world.vms.pay01,
    caller: world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 32_000,
  });
  const card = page.locator('article.card');
  await card.getByText('dana.reyes@contoso.example').waitFor();

  await card.locator('[data-action=acknowledge]').click();
  await card.getByText(`Acknowledged by ${userInfo().username}`).waitFor();

  await card.locator('[data-opens=isolate]').click();
  await card.locator('[data-action=isolate]').click();
  await card.getByText('Isolated:').waitFor();
  const nic = `${world.vms.pay01.replace('Compute/virtualMachines', 'Network/networkInterfaces')}-nic0`;
  expect(JSON.stringify(tenant.resources.get(nic).properties.networkSecurityGroup)).toContain(
    'runwatch-isolation',
  );

  await card.locator('[data-opens=release]').click();
  await card.locator('[data-action=release]').click();
  await card.getByText('Released:').waitFor();
  expect(JSON.stringify(tenant.resources.get(nic).properties.networkSecurityGroup)).toContain('nsg-payments');

  await card.locator('[data-action=add_exception]').click();
  await page.locator('#reason').fill('');
  await page.locator('[data-action=save_exception]').click();
  await page.getByText('Enter a reason').waitFor();
  await page.locator('#reason').fill('Dana tests this machine');
  await page.locator('[data-action=save_exception]').click();
  await card.getByText('Closed as expected').waitFor();
  await page.goto(`${url}/exceptions`);
  await page.getByText('Dana tests this machine').waitFor();
  await page.goto(`${url}/audit`);
  expect(await page.locator('tbody tr').count()).toBeGreaterThanOrEqual(6);
  expect(errors.filter((text) => !text.includes('422'))).toEqual([]);
});

test('markup in a name is shown as text', async () => {
  const { tenant, world } = bench;
  const caller = { ...world.people.kim, login: '<img src=x onerror=alert(1)>@contoso.example' };
  tenant.log({
    name: runCommand,
    resourceId: world.vms.test01,
    caller,
    at: Date.now() - 60_000,
    tookMs: 1000,
  });
  await page.goto(url);
  await page.getByText('<img src=x onerror=alert(1)>@contoso.example').waitFor();
  expect(await page.locator('article img').count()).toBe(0);
});

test('alerts can be searched and filtered', async () => {
  await page.goto(url);
  await page.locator('input[name=q]').fill('vm-pay-01');
  await page.getByRole('button', { name: 'Apply', exact: true }).click();
  await page.getByText('1 of 2').waitFor();
  expect(await page.locator('article.card').count()).toBe(1);
  await page.locator('select[name=state]').selectOption('suppressed');
  await page.getByRole('button', { name: 'Apply', exact: true }).click();
  await page.getByText('No alerts match').waitFor();
});

test('an alert’s page shows the access path and the score; activity shows who runs at which hours', async () => {
  await page.goto(`${url}?q=vm-pay-01`);
  await page.locator('article.card a.id').click();
  const chain = page.locator('.chain li');
  await chain.first().waitFor();
  expect((await chain.allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim())).toEqual([
    'Caller dana.reyes@contoso.example User',
    'Group ops-oncall 2 members',
    'Role Virtual Machine Contributor',
    'Scope subscription Payments',
    'Machine vm-pay-01 rg-payments',
  ]);
  expect(await page.locator('.map tbody tr').count()).toBeGreaterThan(1);
  await page.goto(`${url}/activity`);
  const row = page.locator('tr', { hasText: 'dana.reyes@contoso.example' });
  expect(await row.locator('td').last().textContent()).toBe('1');
});

test('the console triggers the scenario that is chosen, and no other', async () => {
  const played: string[] = [];
  const app = await bench.start({}, ['serve'], {
    choices: [{ name: 'storm', says: 'A storm' }],
    play: (name) => void played.push(name),
  });
  await page.goto(`${app.url}/console`);
  await page.getByText('Trigger a demo event').click();
  await page.getByRole('button', { name: 'A storm' }).click();
  await until('the scenario', () => played.length === 1);
  expect(played).toEqual(['storm']);
});

test('a form that did not come from our page is rejected', async () => {
  const alert = await until(
    'an alert',
    async () => /id="(RW-[A-Z0-9]+)"/.exec(await (await fetch(url)).text())?.[1],
  );
  const answer = await fetch(`${url}/alerts/${alert}/close`, {
    method: 'POST',
    body: new URLSearchParams({ csrf: 'guessed', nonce: '1' }),
  });
  expect(answer.status).toBe(403);
});

test.each(['', '/exceptions', '/activity', '/audit', '/health'])(
  'axe finds no serious issue on /console%s, in light mode on a phone and in dark mode',
  async (path) => {
    const axe = require.resolve('axe-core/axe.min.js');
    const context = await browser.newContext({ bypassCSP: true });
    for (const colorScheme of ['light', 'dark'] as const) {
      const own = await context.newPage();
      await own.emulateMedia({ colorScheme });
      if (colorScheme === 'light') await own.setViewportSize({ width: 320, height: 640 });
      await own.goto(`${url}${path}`);
      await own.addScriptTag({ path: axe });
      const violations = await own.evaluate(async () => {
        // biome-ignore lint/suspicious/noExplicitAny: axe adds itself to the page's window
        const found = await (globalThis as any).axe.run();
        return found.violations
          .filter((v: { impact: string }) => ['serious', 'critical'].includes(v.impact))
          .map((v: { id: string; nodes: { html: string }[] }) => `${v.id}: ${v.nodes[0]?.html}`);
      });
      expect(violations).toEqual([]);
      await own.close();
    }
    await context.close();
  },
);

test('a missing alert gives 404', async () => {
  const answer = await fetch(`${url}/alerts/RW-0000000000`);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain('No alert has this ID.');
});

test('every page fits a phone', async () => {
  const phone = await browser.newPage({ viewport: { width: 320, height: 640 } });
  await phone.goto(url);
  const alert = (await phone.locator('article.card').first().getAttribute('id')) as string;
  for (const path of [
    '',
    `/alerts/${alert}`,
    `/alerts/${alert}/exception`,
    '/exceptions',
    '/activity',
    '/audit',
    '/health',
  ]) {
    await phone.goto(`${url}${path}`);
    expect([path, await phone.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 320]);
  }
  await phone.close();
});

test("an alert's page updates itself and does not show another alert that is raised", async () => {
  const { tenant, world, redis } = bench;
  const store = createStore(redis.address, []);
  await page.goto(url);
  const id = (await page.locator('article.card').first().getAttribute('id')) as string;
  const own = await browser.newPage();
  await own.goto(`${url}/alerts/${id}`);
  const at = Date.now() - 30_000;
  tenant.log({ name: runCommand, resourceId: world.vms.web[5] as string, caller: world.people.dana, at });
  await page.locator('article.card', { hasText: 'Run command on vm-web-06' }).waitFor();
  const entry = {
    at: new Date(at).toISOString(),
    who: 'dana',
    operation: 'Microsoft.Compute/snapshots/write',
    on: 'a-later-snapshot',
    status: 'succeeded' as const,
    count: 1,
    notable: true,
  };
  await store.alerts.update(
    id,
    (alert) => alert && { alert: { ...alert, facts: { ...alert.facts, timeline: [entry] } } },
  );
  await own.getByText('a-later-snapshot').waitFor();
  expect(await own.locator('article.card').evaluateAll((cards) => cards.map((card) => card.id))).toEqual([
    id,
  ]);
  await own.close();
  await store.close();
});

test('a press still works if the card is redrawn while the mouse button is down', async () => {
  const { tenant, world, redis } = bench;
  const store = createStore(redis.address, []);
  await page.goto(url);
  const at = Date.now() - 30_000;
  tenant.log({ name: runCommand, resourceId: world.vms.pay02, caller: world.people.dana, at });
  const card = page.locator('article.card', { hasText: 'Run command on vm-pay-02' });
  await card.locator('[data-action=acknowledge]').hover();
  await page.mouse.down();
  const id = (await card.getAttribute('id')) as string;
  const drawn = page.waitForResponse((response) => response.url().endsWith(`/alerts/${id}/card`));
  await store.alerts.update(id, (alert) => alert && { alert });
  await (await drawn).finished();
  await page.evaluate('new Promise(requestAnimationFrame)');
  await page.mouse.up();
  await card.getByText(`Acknowledged by ${userInfo().username}`).waitFor();
  await store.close();
});
