import { userInfo } from 'node:os';
import type { Browser, Page } from 'playwright-core';

import { scenarios } from '../../src/demo/scenarios';
import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { demoWith } from '../support/demo-panel';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let url: string;
let id: string;
let burstId: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const panel = { choices: [{ name: 'storm', says: 'A storm' }], play: () => {} };
  const app = await bench.start(
    {},
    undefined,
    demoWith(panel, { surface: 'console', id: userInfo().username, name: userInfo().username }),
  );
  url = `${app.url}/console`;
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const { tenant, world } = bench;
  runOn(bench, world.vms.pay01);
  runOn(bench, world.vms.pay02, { at: Date.now() - 40 * 60_000 });
  for (const { name, play } of scenarios) if (name === 'storm') play(tenant, world);
  await page.goto(url);
  await until('the alerts', async () => {
    await page.reload();
    return (
      (await page.getByText('on 24 machines').count()) > 0 && (await page.getByText('vm-pay-01').count()) > 0
    );
  });
  const of = (text: string) => page.locator('tbody tr', { hasText: text }).first().getAttribute('id');
  id = (await of('vm-pay-01')) as string;
  burstId = (await of('24 machines')) as string;
  await page.goto(`${url}/alerts/${id}`);
  await page.locator('#part-next [data-opens=isolate]').click();
  await page.locator('dialog [data-action=isolate]').click();
  await page.locator('#part-measures').getByText('Isolate', { exact: false }).first().waitFor();
  await page.goto(`${url}/alerts/${id}/exception`);
  await page.locator('#f-reason').fill('A reason');
  await page.locator('[data-action=add_exception]').click();
  await until('the exception', async () => {
    await page.goto(`${url}/exceptions`);
    return (await page.getByText('A reason').count()) > 0;
  });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
});

const places = () => [
  '',
  '?view=closed',
  '?q=nothing-like-this',
  '?group=caller-machine',
  `/alerts/${id}`,
  `/alerts/${burstId}`,
  `/alerts/${burstId}/form/close`,
  `/alerts/${burstId}/form/isolate_with`,
  `/alerts/${burstId}/form/isolate`,
  '/alerts/RW-0000000000',
  '/exceptions',
  '/activity',
  '/audit',
  '/audit?person=nobody',
  '/audit?before=9-1',
  '/health',
];

/** Opens what can be opened, so that what is inside is seen too. */
async function open(path: string): Promise<void> {
  await page.goto(`${url}${path}`);
  await page.evaluate(`document.querySelectorAll('main details').forEach((one) => { one.open = true; })`);
  const box = page.locator('tbody input[type=checkbox]').first();
  if ((await box.count()) > 0) await box.check();
}

/**
 * Run in the page. A check box or a field is pressed by its label too. Cells of the heat map and the day bars are smaller:
 * links below have the same.
 */
const tooSmall = `[...document.querySelectorAll('a[href], button, select, textarea, summary, input:not([type=hidden])')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches('.skip, svg a'))
  .flatMap((one) => {
    const { width, height } = (one.closest('label') ?? one).getBoundingClientRect();
    const isLarge = Math.round(height) >= 44 && Math.round(width) >= 44;
    return isLarge ? [] : [Math.round(width) + '×' + Math.round(height) + ' ' + one.outerHTML.slice(0, 110)];
  })`;

/** Run in the page. Scripts and the heat map may scroll. */
const scrolling = `[...document.querySelectorAll('main *, .top nav')]
  .filter((one) => !one.matches('pre') && !one.querySelector('.heat'))
  .filter((one) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX))
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.scrollWidth + ' ' + one.outerHTML.slice(0, 110))`;

test('on a phone, everything that can be pressed is at least 44 pixels high and wide', async () => {
  const small: Record<string, string[]> = {};
  for (const path of places()) {
    await open(path);
    const found = (await page.evaluate(tooSmall)) as string[];
    if (found.length > 0) small[path] = found;
  }
  expect(small).toEqual({});
}, 90_000);

test('on a phone, no page scrolls sideways, and neither do the machines of a burst', async () => {
  // Their tables scroll within the page.
  const tables = ['/exceptions', '/activity'];
  for (const path of places()) {
    await open(path);
    expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 390]);
    const wide = tables.includes(path) ? [] : await page.evaluate(scrolling);
    expect([path, wide]).toEqual([path, []]);
  }
}, 90_000);
