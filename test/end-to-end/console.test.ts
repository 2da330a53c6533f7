import { userInfo } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { runCommand } from '../../src/demo/scenarios';
import { createStore } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { demoWith } from '../support/demo-panel';
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

const run = (resourceId: string, more: Record<string, unknown> = {}) =>
  bench.tenant.log({
    name: runCommand,
    resourceId,
    caller: bench.world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 32_000,
    ...more,
  });
const rowOf = (text: string) => page.locator('tbody tr', { hasText: text });
const idOf = async (text: string) => (await rowOf(text).first().getAttribute('id')) as string;
/** Presses Show until the alert is listed. */
const listed = async (text: string) => {
  await page.goto(url);
  await until(`${text} in the list`, async () => {
    if ((await rowOf(text).count()) > 0) return true;
    await page.reload();
    return false;
  });
};

test('an alert appears in an empty list, and can be acknowledged, isolated, released and excepted on its page', async () => {
  const { tenant, world } = bench;
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(url);
  await page.getByText('No open alerts.').waitFor();
  run(world.vms.pay01);
  await page.getByRole('link', { name: 'Run command on vm-pay-01' }).click();
  const next = page.locator('#part-next');

  await next.locator('[data-action=acknowledge]').click();
  await next.getByText(`Acknowledged by ${userInfo().username}`).waitFor();
  await page.locator('.toast', { hasText: 'Acknowledge: done.' }).waitFor();
  const focused = await page.evaluate('document.activeElement.closest("#part-next") !== null');
  expect(focused).toBe(true);

  await next.locator('[data-opens=isolate]').click();
  await page.getByRole('heading', { name: 'Isolate vm-pay-01?' }).waitFor();
  await page.keyboard.press('Escape');
  expect(await page.locator('dialog[open]').count()).toBe(0);
  expect(await page.evaluate('document.activeElement.dataset.opens')).toBe('isolate');
  await next.locator('[data-opens=isolate]').click();
  await page.locator('dialog [data-action=isolate]').click();
  await page.locator('#part-next').getByText('Isolated:', { exact: false }).first().waitFor();
  const nic = `${world.vms.pay01.replace('Compute/virtualMachines', 'Network/networkInterfaces')}-nic0`;
  expect(JSON.stringify(tenant.resources.get(nic).properties.networkSecurityGroup)).toContain(
    'runwatch-isolation',
  );

  await page.locator('#part-measures [data-opens=release]').click();
  await page.locator('dialog [data-action=release]').click();
  await next.getByText('Released:').first().waitFor();
  expect(JSON.stringify(tenant.resources.get(nic).properties.networkSecurityGroup)).toContain('nsg-payments');

  await next.locator('[data-opens=add_exception]').click();
  const preview = page.locator('dialog .preview');
  await preview.getByText('It matches', { exact: false }).waitFor();
  await page.locator('#f-target').fill('vm-web-*');
  await preview.getByText('vm-web-*').waitFor();
  await page.locator('#f-target').fill('vm-pay-01');
  await page.locator('#f-reason').fill('');
  await page.locator('dialog [data-action=add_exception]').click();
  await page.locator('dialog .field .fault', { hasText: 'Enter a reason' }).waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('f-reason');
  await page.locator('#f-reason').fill('Dana tests this machine');
  await page.locator('dialog [data-action=add_exception]').click();
  await next.getByText('Closed as expected').waitFor();
  await page.locator('#part-access p', { hasText: 'ops-oncall' }).waitFor();
  await page.goto(`${url}/exceptions`);
  await page.getByText('Dana tests this machine').waitFor();
  await page.goto(`${url}/audit`);
  expect(await page.locator('tbody tr').count()).toBeGreaterThanOrEqual(6);
  expect(errors.filter((text) => !text.includes('422'))).toEqual([]);
}, 90_000);

test('markup in a name is shown as text', async () => {
  const caller = { ...bench.world.people.kim, login: '<img src=x onerror=alert(1)>@contoso.example' };
  run(bench.world.vms.test01, { caller });
  await listed('vm-test-01');
  expect(await page.locator('main img').count()).toBe(0);
  await page.goto(`${url}/alerts/${await idOf('vm-test-01')}`);
  expect(await page.locator('main').textContent()).toContain('<img src=x onerror=alert(1)>@contoso.example');
  expect(await page.locator('main img').count()).toBe(0);
});

test('alerts can be searched and filtered, and the address keeps it', async () => {
  await page.goto(url);
  await page.locator('input[name=q]').fill('vm-pay-01');
  await page.getByRole('button', { name: 'Apply', exact: true }).click();
  await page.getByText('No alerts match.').waitFor();
  await page.getByRole('link', { name: 'Closed (1)' }).click();
  await rowOf('vm-pay-01').waitFor();
  expect(page.url()).toBe(`${url}?view=closed&q=vm-pay-01`);
  await page.getByRole('link', { name: 'Clear', exact: true }).click();
  expect(page.url()).toBe(`${url}?view=closed`);
  await page.getByRole('link', { name: /^Open/ }).click();
  await rowOf('vm-test-01').waitFor();
});

test('a new alert waits behind a button while others are read', async () => {
  await listed('vm-test-01');
  await page.locator('#live', { hasText: 'Live' }).waitFor();
  run(bench.world.vms.web[10] as string, { caller: bench.world.people.lee });
  const button = page.getByRole('button', { name: '1 new alert' });
  await button.waitFor();
  expect(await rowOf('vm-web-11').count()).toBe(0);
  await button.click();
  await rowOf('vm-web-11').waitFor();
});

test('an alert’s page shows the access path and the score; activity shows who runs at which hours', async () => {
  await page.goto(`${url}?view=closed&q=vm-pay-01`);
  await page.locator('a.what').click();
  const steps = page.locator('ol[aria-label="Access path"] li');
  await steps.first().waitFor({ state: 'attached' });
  expect((await steps.allTextContents()).slice(1, 5)).toEqual([
    'Group: ops-oncall, 2 members',
    'Role: Virtual Machine Contributor',
    'Scope: subscription Payments',
    'Machine: vm-pay-01, rg-payments',
  ]);
  expect(await page.locator('.graph.wide svg .box').count()).toBeGreaterThanOrEqual(5);
  expect(await page.locator('.score tbody tr').count()).toBeGreaterThan(1);
  await page.goto(`${url}/activity`);
  await page
    .locator('.act', { hasText: 'dana.reyes@contoso.example' })
    .getByText('1 command · most on')
    .waitFor();
});

test('a selection is acknowledged by keys alone, with a result for each alert', async () => {
  const { world } = bench;
  for (const vm of [world.vms.web[7], world.vms.web[8]])
    run(vm as string, { caller: world.people.lee, at: Date.now() - 30 * 60_000 - Math.random() * 1000 });
  run(world.vms.pay02);
  await listed('vm-pay-02');
  await until('two alerts', async () => {
    await page.reload();
    return (await page.locator('tbody tr').count()) >= 2;
  });
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('2 selected').waitFor();
  await page.keyboard.press('a');
  await page.locator('.told.ok', { hasText: 'Done' }).nth(1).waitFor();
  expect(await page.locator('.told').count()).toBe(2);
  await page.locator('.toast', { hasText: 'Acknowledge: 2 done.' }).waitFor();
  await page.locator('tbody tr', { hasText: 'Acknowledged' }).nth(1).waitFor();
  await page.keyboard.press('Shift+?');
  await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  expect(await page.evaluate('document.activeElement.id')).toBe('search');
});

test('a refusal is told for each alert of a selection, and closing needs a reason', async () => {
  await page.goto(url);
  await page.locator('#select-all').check();
  const count = await page.locator('tbody input:checked').count();
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  await page.locator('.told.bad', { hasText: 'is already acknowledged' }).first().waitFor();
  await until('all results', async () => (await page.locator('.told:not(.waits)').count()) === count);
  const left = await page.locator('tbody input:checked').count();
  expect(left).toBeGreaterThan(0);
  await page.locator('tbody input:checked').first().focus();
  await page.keyboard.press('c');
  await page.getByRole('heading', { name: /^Close / }).waitFor();
  await page.locator('dialog').getByRole('button', { name: 'Close' }).click();
  await page.locator('dialog [data-fault]', { hasText: 'Choose why the alerts are closed.' }).waitFor();
  await page.keyboard.press('Escape');
  expect(await page.evaluate('document.activeElement.value')).toMatch(/^RW-/);
});

test('the console triggers the scenario that is chosen, and no other', async () => {
  const played: string[] = [];
  const anybody = { surface: 'console', id: 'anybody', name: 'Anybody' };
  const panel = {
    choices: [{ name: 'storm', says: 'A storm' }],
    play: (name: string) => void played.push(name),
  };
  const app = await bench.start({}, ['serve'], demoWith(panel, anybody));
  await page.goto(`${app.url}/console`);
  await page.getByText('Trigger a demo event').click();
  await page.getByRole('button', { name: 'A storm' }).click();
  await until('the scenario', () => played.length === 1);
  expect(played).toEqual(['storm']);
  await app.stop();
});

test('a form that did not come from our page is rejected', async () => {
  const alert = await until(
    'an alert',
    async () => /id="(RW-[A-Z0-9]+)"/.exec(await (await fetch(url)).text())?.[1],
  );
  const send = (path: string, fields: Record<string, string>) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: new URLSearchParams({ csrf: 'guessed', nonce: '1', ...fields }),
    });
  expect((await send(`/alerts/${alert}/close`, {})).status).toBe(403);
  expect((await send(`/alerts/${alert}/exception/preview`, {})).status).toBe(403);
  expect((await send('/bulk', { id: alert, action: 'acknowledge' })).status).toBe(403);
});

test('without JavaScript, an alert can be acknowledged, closed and seen', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(`${url}?q=vm-pay-02`);
  await plain.locator('a.what').first().click();
  await plain.locator('summary', { hasText: 'Triage' }).click();
  await plain.locator('#part-responses [data-opens=close]').click();
  await plain.locator('#f-as').selectOption('benign');
  await plain.locator('[data-action=close]').click();
  await until('closed', async () => {
    await plain.reload();
    return (await plain.locator('#part-next').textContent())?.includes('Closed as benign');
  });
  await context.close();
});

test('a missing alert gives 404', async () => {
  const answer = await fetch(`${url}/alerts/RW-0000000000`, { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain('No alert has this ID.');
});

test("an alert's page updates itself, and waits to show what would move the text that is read", async () => {
  const { world, redis } = bench;
  const store = createStore(redis.address, []);
  run(world.vms.web[5] as string);
  await listed('vm-web-06');
  const id = await idOf('vm-web-06');
  const own = await browser.newPage();
  await own.goto(`${url}/alerts/${id}`);
  await own.locator('#live', { hasText: 'Live' }).waitFor();
  const entry = {
    at: new Date(Date.now() - 30_000).toISOString(),
    who: 'dana',
    operation: 'Microsoft.Compute/snapshots/write',
    on: 'a-later-snapshot',
    status: 'succeeded' as const,
    count: 1,
    notable: true,
  };
  await store.alerts.update(
    id,
    (alert) =>
      alert && {
        alert: {
          ...alert,
          facts: { ...alert.facts, timeline: [entry] },
          reasons: [...alert.reasons, { id: 'watchlist', points: 25, text: 'a reason that came later' }],
        },
      },
  );
  await own.getByText('a-later-snapshot').waitFor();
  expect(await own.getByText('a reason that came later', { exact: false }).count()).toBe(0);
  await own.getByRole('button', { name: 'New facts about this alert: show them' }).click();
  await own.locator('.score').getByText('A reason that came later').waitFor();
  await own.close();
  await store.close();
});

test('a press still works if the alert changes while the mouse button is down', async () => {
  const { world, redis } = bench;
  const store = createStore(redis.address, []);
  run(world.vms.web[3] as string);
  await listed('vm-web-04');
  const id = await idOf('vm-web-04');
  const other = await browser.newPage();
  for (const each of [other, page]) {
    await each.goto(`${url}/alerts/${id}`);
    await each.locator('#live', { hasText: 'Live' }).waitFor();
  }
  await page.locator('#part-next [data-action=acknowledge]').hover();
  await page.mouse.down();
  const before = await page.locator('#part-next').getAttribute('data-version');
  await store.alerts.update(
    id,
    (alert) => alert && { alert: { ...alert, assignee: { surface: 'slack', id: 'U1', name: 'Sam' } } },
  );
  // A page on which nobody presses shows it at once.
  await other.locator('#part-next').getByText('Sam').first().waitFor();
  expect(await page.locator('#part-next').getAttribute('data-version')).toBe(before);
  await page.mouse.up();
  await page.locator('#part-next').getByText(`Acknowledged by ${userInfo().username}`).waitFor();
  await store.close();
});
