import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { connect } from '../../src/store/redis/connect';
import { runOn } from '../support/alerts';
import { axeFaults } from '../support/axe';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let url: string;
let id: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const app = await bench.start();
  url = `${app.url}/console`;
  browser = await openBrowser();
  page = await browser.newPage();
  runOn(bench, bench.world.vms.pay01);
  await page.goto(url);
  await page.getByRole('link', { name: 'Run command on vm-pay-01' }).click();
  id = page.url().split('/').at(-1) as string;
  const next = page.locator('#part-next');
  await next.locator('[data-action=acknowledge]').click();
  await next.getByText(`Acknowledged by ${userInfo().username}`).waitFor();
  await next.locator('[data-opens=isolate]').click();
  await page.locator('dialog [data-action=isolate]').click();
  await next.getByText('Isolated:', { exact: false }).first().waitFor();
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
});

const rows = () => page.locator('table.audit tbody tr');

test('the audit log names who did what to which object, and is verified', async () => {
  await page.goto(`${url}/audit`);
  await page.locator('#chain', { hasText: 'Complete and unchanged up to entry 3' }).waitFor();
  expect(await rows().count()).toBe(3);
  const newest = rows().first();
  const text = (await newest.textContent()) ?? '';
  for (const part of ['UTC', userInfo().username, 'Console', 'Isolate', 'vm-pay-01', 'Machine', 'Done'])
    expect(text).toContain(part);
  expect(text).not.toContain('isolate');
  await newest.getByRole('link', { name: id }).click();
  await page.getByRole('heading', { name: 'Run command on vm-pay-01' }).waitFor();
});

test('filters work by the keyboard alone, stay in the address, and apply to the CSV', async () => {
  await page.goto(`${url}/audit`);
  await page.locator('[name=person]').focus();
  await page.keyboard.type(userInfo().username);
  await page.keyboard.press('Tab');
  await page.keyboard.type('Isolate');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Done');
  await page.keyboard.press('Tab');
  await page.keyboard.type(id);
  await page.keyboard.press('Enter');
  await until('the filtered page', () => page.url().includes('result=done'));
  expect(await rows().count()).toBe(1);
  const query = new URL(page.url()).searchParams;
  expect([query.get('person'), query.get('action'), query.get('alert')]).toEqual([
    userInfo().username,
    'isolate',
    id,
  ]);
  expect(await page.locator('[name=action]').inputValue()).toBe('isolate');
  const saving = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download CSV' }).click();
  const file = await saving;
  expect(file.suggestedFilename()).toBe('runwatch-audit.csv');
  const lines = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`"Isolate","isolate","vm-pay-01"`);
  await page.goto(`${url}/audit?from=2001-01-01T00:00&to=2001-01-02T00:00`);
  await page.getByText('No entries match.').waitFor();
  await page.getByRole('link', { name: 'Clear filters' }).click();
  expect(await rows().count()).toBe(3);
});

test('a log that was changed is said to be broken when it is checked again', async () => {
  await page.goto(`${url}/audit?person=${userInfo().username}`);
  const redis = connect(bench.redis.address);
  const entries = await redis.xrange('{runwatch}:audit', '-', '+');
  const [removed] = entries[1] as [string, string[]];
  await redis.xdel('{runwatch}:audit', removed);
  await page.getByRole('button', { name: 'Check again' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('The audit log is broken at entry 3').waitFor();
  expect(page.url()).toContain(`person=${userInfo().username}`);
  await page.waitForFunction("document.activeElement.id === 'chain'");
  await page.getByText('1 entry before it is as it was written.', { exact: false }).waitFor();
  const csrf = await page.locator('#chain [name=csrf]').inputValue();
  expect(csrf).not.toBe('');
  const forged = await fetch(`${url}/audit/check`, {
    method: 'POST',
    body: new URLSearchParams({ csrf: 'x' }),
  });
  expect(forged.status).toBe(403);
  redis.disconnect();
});

test.each<['light' | 'dark', number]>([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
])(
  'a broken log and a health problem have no fault of accessibility in %s at %d pixels',
  async (colorScheme, width) => {
    bench.tenant.faults.add({ when: /eventtypes/, status: 403 });
    const context = await browser.newContext({
      bypassCSP: true,
      colorScheme,
      viewport: { width, height: 900 },
    });
    const own = await context.newPage();
    await own.goto(`${url}/audit`);
    await own.getByRole('alert').waitFor();
    expect(await axeFaults(own)).toEqual([]);
    await until('the problem', async () => {
      await own.goto(`${url}/health`);
      return (await own.getByText('What to do:').count()) > 0;
    });
    expect(await own.locator('.verdict').textContent()).toContain('Commands may go unnoticed');
    await own.locator('summary').focus();
    await own.keyboard.press('Enter');
    await own.getByText('watchMeasures').waitFor();
    expect(await axeFaults(own)).toEqual([]);
    expect(await own.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await context.close();
  },
);
