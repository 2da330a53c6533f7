import type { Browser, Page } from 'playwright-core';
import { logHistory, scenarios } from '../../src/demo/scenarios';
import { acknowledge } from '../../src/domain/alerts/transitions';
import { createStore, type Store } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let store: Store;
let url: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const { tenant, world } = bench;
  logHistory(tenant, world);
  store = createStore(bench.redis.address, []);
  const app = await bench.start();
  url = `${app.url}/console`;
  await app.historyFilled();
  for (const { name, play } of scenarios) if (name !== 'extension') play(tenant, world);
  browser = await openBrowser();
  page = await browser.newPage();
  await until('the alerts', async () => {
    const alerts = await store.alerts.list({ limit: 20 });
    return alerts.filter(({ announced }) => announced).length >= 4;
  });
  const [alert] = await store.alerts.list({ limit: 1 });
  await store.alerts.update(alert?.id ?? '', (one) => {
    const move = { by: { surface: 'slack', id: 'U1', name: 'Sam' }, at: new Date().toISOString() };
    return one && { alert: acknowledge(one, move) };
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await store?.close();
  await bench?.stop();
});

const card = (name: string) => page.locator('.act', { hasText: name });

test('a cell of the heat map opens the alerts of that caller and hour', async () => {
  await page.goto(`${url}/activity`);
  const lee = card('lee@contoso.example');
  await lee.getByText('commands · most on').waitFor();
  await lee.locator('.heat a').first().click();
  await page.locator('.chosen', { hasText: 'UTC' }).waitFor();
  expect(page.url()).toMatch(/\?view=all&caller=[^&]+&hour=[a-z]{3}-\d\d$/);
  const rows = page.locator('tbody tr[id]');
  expect(await rows.count()).toBeGreaterThan(0);
  expect(await rows.filter({ hasText: /lee/i }).count()).toBe(await rows.count());
  await page.getByRole('link', { name: /^Remove the filter Caller/ }).click();
  expect(page.url()).toMatch(/\?view=all&hour=[a-z]{3}-\d\d$/);
});

test('a bar opens the alerts of that day, and the name those of all times', async () => {
  await page.goto(`${url}/activity`);
  const dana = card('dana.reyes@contoso.example');
  expect(await dana.locator('.usual').count()).toBeGreaterThan(0);
  await dana.locator('.day-bars a').last().click();
  await page.locator('.chosen').getByText(', UTC').waitFor();
  expect(page.url()).toMatch(/&day=\d{4}-\d\d-\d\d$/);
  expect(await page.locator('tbody tr[id]').count()).toBeGreaterThan(0);
  await page.goBack();
  await dana.getByRole('link', { name: 'dana.reyes@contoso.example' }).click();
  await page.locator('.chosen').getByText('Caller:').waitFor();
  expect(await page.locator('tbody tr[id]').count()).toBeGreaterThan(0);
});

test('the keys move within a picture, which is one stop of the tab key', async () => {
  await page.goto(`${url}/activity`);
  const map = card('dana.reyes@contoso.example').locator('.heat');
  expect(await map.locator('a[tabindex="0"]').count()).toBe(1);
  const title = () => page.evaluate('document.activeElement.querySelector("title")?.textContent');
  await map.locator('a[tabindex="0"]').focus();
  const first = await title();
  await page.keyboard.press('End');
  expect(await title()).not.toBe(first);
  await page.keyboard.press('Home');
  expect(await title()).toBe(first);
  await page.keyboard.press('ArrowDown');
  expect(await title()).not.toBe(first);
  await page.keyboard.press('ArrowUp');
  expect(await title()).toBe(first);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.closest("svg").classList.contains("day-bars")')).toBe(
    true,
  );
});

test('the switch shows machines, and the address keeps it', async () => {
  await page.goto(`${url}/activity`);
  await page.getByRole('link', { name: 'By machine' }).click();
  expect(page.url()).toBe(`${url}/activity?by=machine`);
  const machine = page.locator('.cards:not(.figures) .act').first();
  const name = (await machine.locator('h3 a').textContent()) ?? '';
  expect(name).toMatch(/^vm-/);
  await machine.locator('.heat a').first().click();
  await page.locator('.chosen').getByText(`Machine: ${name}`).waitFor();
  expect(await page.locator('tbody tr[id]').count()).toBeGreaterThan(0);
});

test('the pictures have the alerts of this week, and how long acknowledging took', async () => {
  await page.goto(`${url}/activity`);
  await page.locator('.volumes g').last().locator('rect').first().waitFor();
  expect(await page.locator('.volumes').getAttribute('aria-label')).toContain('alerts in 12 weeks');
  await page.locator('summary', { hasText: 'Numbers of each week' }).click();
  expect(await page.locator('.figures tbody tr').count()).toBe(12);
  await page.locator('.medians').getByText('of 1 alert').waitFor();
});

test.each<['light' | 'dark', number]>([
  ['light', 1280],
  ['dark', 390],
])('axe finds nothing in %s at %d pixels, and all fits', async (colorScheme, width) => {
  const context = await browser.newContext({
    bypassCSP: true,
    colorScheme,
    viewport: { width, height: 800 },
  });
  const own = await context.newPage();
  for (const path of [
    '/activity',
    '/activity?by=machine',
    '/activity?page=9',
    '?view=all&caller=x&hour=mon-09',
  ]) {
    await own.goto(`${url}${path}`);
    await own.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true; })`);
    expect([path, await own.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
    await own.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
    const faults = await own.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: axe adds itself to the page's window
      const found = await (globalThis as any).axe.run();
      return found.violations.map(
        (v: { id: string; nodes: { html: string }[] }) => `${v.id}: ${v.nodes[0]?.html.slice(0, 300)}`,
      );
    });
    expect([path, faults]).toEqual([path, []]);
    const small = await own
      .locator('.views a, main summary:visible, .hours a, .act h3 a, .chosen a, .paging a')
      .evaluateAll((all) =>
        all
          .filter((one) => one.getBoundingClientRect().height < 44)
          .map((one) => one.outerHTML.slice(0, 120)),
      );
    if (width < 760) expect([path, small]).toEqual([path, []]);
  }
  await context.close();
});
