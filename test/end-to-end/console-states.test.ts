import type { Browser, Page, Route } from 'playwright-core';
import { scenarios } from '../../src/demo/scenarios';
import { runOn } from '../support/alerts';
import { axeFaults } from '../support/axe';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let url: string;
let id: string;
let closedId: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const app = await bench.start();
  url = `${app.url}/console`;
  browser = await openBrowser();
  const { tenant, world } = bench;
  runOn(bench, world.vms.pay01);
  for (const { name, play } of scenarios) if (name === 'storm') play(tenant, world);
  const page = await browser.newPage();
  await page.goto(url);
  await until('the alerts', async () => {
    await page.reload();
    return (
      (await page.getByText('on 24 machines').count()) > 0 && (await page.getByText('vm-pay-01').count()) > 0
    );
  });
  const of = (text: string) => page.locator('tbody tr', { hasText: text }).first().getAttribute('id');
  id = (await of('vm-pay-01')) as string;
  closedId = (await of('24 machines')) as string;
  await page.goto(`${url}/alerts/${closedId}`);
  await page
    .locator('#part-next [data-opens=close], #part-responses [data-opens=close]')
    .first()
    .waitFor({ state: 'attached' });
  await page.evaluate(`document.querySelector('[data-opens=close]').click()`);
  await page.locator('#f-as').selectOption('benign');
  await page.locator('dialog [data-action=close]').click();
  await page.locator('#part-next').getByText('Closed as benign').first().waitFor();
  await page.close();
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
});

/** Answers the next press as told, then lets all pass. */
async function once(page: Page, answer: (route: Route) => Promise<void>): Promise<void> {
  await page.route(
    `**/alerts/${id}/assign`,
    async (route) => {
      await answer(route);
    },
    { times: 1 },
  );
}

test.each<[string, (route: Route) => Promise<void>, string]>([
  [
    'a proxy’s error',
    (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>502 Bad Gateway</h1>' }),
    'Runwatch isn’t available right now (error 502).',
  ],
  ['no answer', (route) => route.abort('connectionreset'), 'it’s unknown whether this arrived'],
  [
    'an expired session',
    (route) => route.fulfill({ status: 401, contentType: 'text/html', body: 'Sign in' }),
    'Your session has expired.',
  ],
  [
    'an expired form',
    (route) =>
      route.fulfill({
        status: 403,
        json: { error: 'This form has expired. Reload the page and try again.' },
      }),
    'This form has expired.',
  ],
])(
  'after %s the button works again, and the page says so beside it and in a toast',
  async (_, answer, text) => {
    const page = await browser.newPage();
    await page.goto(`${url}/alerts/${id}`);
    await page.locator('summary', { hasText: 'Triage' }).click();
    await once(page, answer);
    const button = page.locator('#part-responses [data-action=assign]');
    await button.click();
    await page.locator('.toast.bad', { hasText: text }).waitFor();
    await page.locator('#part-responses .result.bad', { hasText: text }).waitFor();
    expect(await button.getAttribute('aria-disabled')).toBeNull();
    expect(await page.getByText('Bad Gateway').count()).toBe(0);
    await page.close();
  },
);

test('offline, nothing is sent, and the bar and the page say so', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/alerts/${id}`);
  await page.locator('#live', { hasText: 'Live' }).waitFor();
  await context.setOffline(true);
  await page.locator('#live', { hasText: 'Offline' }).waitFor();
  await page.locator('#part-next [data-action=acknowledge]').click();
  await page.locator('.toast.bad', { hasText: 'You’re offline' }).waitFor();
  await page.locator('#part-next [data-opens=isolate]').click();
  await page.locator('dialog').getByText('The form didn’t load').waitFor();
  await context.setOffline(false);
  await page.locator('#live', { hasText: 'Live' }).waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Isolate vm-pay-01?' }).waitFor();
  await context.close();
});

test('live updates can be paused', async () => {
  const page = await browser.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Live' }).click();
  await page.getByRole('button', { name: 'Paused' }).click();
  await page.getByRole('button', { name: 'Live' }).waitFor();
  await page.close();
});

test('after an undo that leaves no measures, the focus is in the next step', async () => {
  const page = await browser.newPage();
  await page.goto(`${url}/alerts/${id}`);
  await page.locator('#part-next [data-opens=isolate]').click();
  await page.locator('dialog [data-action=isolate]').click();
  await page.locator('#part-measures [data-opens=release]').click();
  await page.locator('dialog [data-action=release]').click();
  await page.locator('#part-measures [data-opens=release]').waitFor({ state: 'detached' });
  await until(
    'the focus',
    async () => (await page.evaluate('document.activeElement.closest("#part-next")?.id')) === 'part-next',
  );
  await page.close();
});

test('a change that waits while the pointer is over the buttons is said', async () => {
  const [reading, working] = [await browser.newPage(), await browser.newPage()];
  await reading.goto(`${url}/alerts/${id}`);
  await reading.locator('#live', { hasText: 'Live' }).waitFor();
  await reading.locator('#part-next').hover();
  await working.goto(`${url}/alerts/${id}/form/add_note`);
  await working.locator('#f-text').fill('Called the owner');
  await working.locator('[data-action=add_note]').click();
  await reading.locator('#fresh').waitFor();
  expect(await reading.getByText('Called the owner').count()).toBe(0);
  await reading.locator('#fresh').click();
  await reading.getByText('Called the owner').first().waitFor();
  await reading.close();
  await working.close();
});

test('a page that does not exist says so, with a way back', async () => {
  const page = await browser.newPage();
  const response = await page.goto(`${url}/nothing-here`);
  expect(response?.status()).toBe(404);
  await page.getByRole('heading', { name: 'Not found' }).waitFor();
  await page.getByRole('link', { name: 'All alerts' }).waitFor();
  await page.close();
});

const places = () => [
  '',
  '?view=closed',
  '?q=nothing-like-this',
  '?group=caller-machine',
  `/alerts/${id}`,
  `/alerts/${closedId}`,
  `/alerts/${id}/exception`,
  `/alerts/${id}/form/isolate`,
  '/exceptions',
  '/activity',
  '/audit',
  '/health',
];

test.each<['light' | 'dark', number]>([
  ['light', 1280],
  ['dark', 1280],
  ['light', 320],
  ['dark', 390],
])(
  'axe finds nothing on any page in %s at %d pixels, and each fits',
  async (colorScheme, width) => {
    const context = await browser.newContext({
      bypassCSP: true,
      colorScheme,
      viewport: { width, height: 800 },
    });
    const page = await context.newPage();
    for (const path of places()) {
      await page.goto(`${url}${path}`);
      if (path === '') await page.locator('#select-all, tbody input').last().check();
      if (path === `/alerts/${id}`) {
        await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true; })`);
        await page.evaluate(`document.querySelector('#part-responses [data-opens=close]').click()`);
        await page.locator('dialog #f-as').waitFor();
      }
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
      expect([path, await axeFaults(page)]).toEqual([path, []]);
      if (path === '')
        for (const name of ['Close…', 'Assign to…', 'Add exception…']) {
          await page.getByRole('button', { name }).click();
          await page.locator('#sheet form').waitFor();
          expect([name, await axeFaults(page)]).toEqual([name, []]);
          await page.keyboard.press('Escape');
        }
      if (path === `/alerts/${id}`) {
        await page.keyboard.press('Escape');
        expect([path, await axeFaults(page)]).toEqual([path, []]);
      }
    }
    await context.close();
  },
  120_000,
);
