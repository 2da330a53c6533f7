import type { Browser, Page } from 'playwright-core';
import type { Alert } from '../../src/domain/alerts/alert';
import { createStore } from '../../src/store/store';
import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let url: string;

const minute = 60_000;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const app = await bench.start();
  url = `${app.url}/console`;
  browser = await openBrowser();
  const { vms, people } = bench.world;
  runOn(bench, vms.pay01);
  runOn(bench, vms.pay02, { caller: people.lee });
  page = await browser.newPage();
  await page.goto(url);
  const rowsAre = (count: number) =>
    until(`${count} alerts`, async () => {
      await page.reload();
      return (await page.locator('tbody tr[id]').count()) === count;
    });
  await rowsAre(2);
  const id = await page.locator('tbody tr', { hasText: 'vm-pay-01' }).getAttribute('id');
  const store = createStore(bench.redis.address, []);
  const alert = (await store.alerts.get(id as string)) as Alert;
  const raisedAt = new Date(Date.parse(alert.raisedAt) - minute).toISOString();
  await store.alerts.update('RW-EARLIER', () => ({
    alert: { ...alert, id: 'RW-EARLIER', rev: 0, raisedAt },
  }));
  await store.close();
  await rowsAre(3);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
});

const focused = (what: string) => page.evaluate(`document.activeElement.${what}`);
const rows = () => page.locator('tbody tr[id]:visible');
const dialog = () => page.locator('#sheet');

test('a group is collapsed, selected and opened by keys alone', async () => {
  await page.goto(`${url}?group=caller-machine&sort=-age`);
  const heading = page.locator('tr.group');
  expect(await heading.count()).toBe(1);
  expect(await heading.textContent()).toMatch(/on vm-pay-01.*2 alerts/);
  expect(await heading.locator('.pill').count()).toBe(1);
  await page.keyboard.press('j');
  expect(await focused('className')).toBe('fold');
  await page.keyboard.press('Enter');
  expect(await heading.locator('.fold').getAttribute('aria-expanded')).toBe('false');
  expect(await rows().count()).toBe(1);
  await page.keyboard.press('x');
  await page.getByText('2 selected').waitFor();
  expect(await page.locator('#select-all:indeterminate').count()).toBe(1);
  await page.keyboard.press('o');
  expect(await rows().count()).toBe(3);
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
  expect(await heading.locator('.pick-group:indeterminate').count()).toBe(1);
});

test('an exception is previewed for each alert before it is saved', async () => {
  await page.goto(`${url}?sort=-age`);
  await page.locator('#select-all').check();
  await page.getByRole('button', { name: 'Add exception…' }).click();
  await page.getByRole('heading', { name: 'Add an exception for 3 alerts' }).waitFor();
  expect(await page.locator('#f-choice').inputValue()).toBe('');
  await dialog().getByRole('button', { name: 'Add exception' }).click();
  await dialog().locator('[data-fault]', { hasText: 'Choose an exception.' }).waitFor();
  await page.locator('#f-choice').selectOption('caller-machine.7');
  await dialog().locator('.preview', { hasText: '2 exceptions will be saved.' }).waitFor();
  expect(await dialog().locator('.preview').textContent()).toContain('It would have suppressed');
  await dialog().locator('[data-cancel]').click();
  expect(await page.locator('#sheet[open]').count()).toBe(0);
  expect(await page.locator('tbody input:checked').count()).toBe(3);
});

test('the selection is assigned to somebody else', async () => {
  await page.getByRole('button', { name: 'Assign to…' }).click();
  await page.locator('#f-person').fill('Sam Roy');
  await page.keyboard.press('Enter');
  await page.locator('.toast', { hasText: 'Assign: 3 done.' }).waitFor();
  expect(await page.locator('.told.ok').count()).toBe(3);
  expect(await page.locator('td.c-own', { hasText: 'Sam Roy' }).count()).toBe(3);
  expect(await page.locator('#bulk').isVisible()).toBe(false);
});

test('closing names what is in force, needs a choice, and tells each result beside its row', async () => {
  await page.goto(`${url}?sort=-age`);
  await page.locator('tbody a.what', { hasText: 'vm-pay-02' }).click();
  await page
    .locator('#part-next [data-opens=isolate], #part-responses [data-opens=isolate]')
    .first()
    .waitFor({ state: 'attached' });
  await page.evaluate(`document.querySelector('[data-opens=isolate]').click()`);
  await page.locator('dialog [data-action=isolate]').click();
  await page.locator('#part-next').getByText('Isolated:').first().waitFor();
  await page.goto(`${url}?sort=-age`);
  await page.locator('#select-all').check();
  await page.keyboard.press('c');
  await page.getByRole('heading', { name: 'Close 3 alerts?' }).waitFor();
  await dialog().getByText('In force on 1 of these alerts').waitFor();
  expect(await dialog().locator('.held li').textContent()).toContain('vm-pay-02');
  expect(await dialog().locator('input:checked').count()).toBe(0);
  await page.locator('#f-as').selectOption('benign');
  await dialog().getByRole('button', { name: 'Close' }).click();
  await dialog().locator('[data-fault]', { hasText: 'measures in force' }).waitFor();
  await dialog().getByLabel('Leave these alerts open').check();
  await dialog().getByRole('button', { name: 'Close' }).click();
  await page
    .locator('.toast', {
      hasText: 'Close: 2 done, 1 refused. Alerts that weren’t changed are still selected.',
    })
    .waitFor();
  expect(await page.locator('.told.ok').count()).toBe(2);
  expect(await page.locator('tr', { hasText: 'vm-pay-02' }).locator('.told.bad').textContent()).toContain(
    'Left open.',
  );
  expect(await page.locator('tbody input:checked').count()).toBe(1);
  expect(await focused('textContent')).toContain('vm-pay-02');
  await page.locator('.views a', { hasText: 'Closed 2' }).waitFor();
});

test('without JavaScript, a selection is closed in two steps', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(url);
  await plain.locator('tbody input').first().check();
  await plain.getByRole('button', { name: 'Close…' }).click();
  await plain.locator('#f-as').selectOption('expected');
  await plain.getByLabel('Close them and leave the measures in force', { exact: false }).check();
  await plain.locator('main').getByRole('button', { name: 'Close' }).click();
  await plain.getByRole('heading', { name: 'Requested' }).waitFor();
  await until('closed', async () => {
    await plain.goto(`${url}?view=closed`);
    return (await plain.locator('tbody tr[id]').count()) === 3;
  });
  await context.close();
});
