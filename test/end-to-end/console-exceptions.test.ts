import { userInfo } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import type { Exception } from '../../src/domain/exceptions/exception';
import { lastDay } from '../../src/domain/exceptions/exception';
import { createStore, type Store } from '../../src/store/store';
import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let store: Store;
let url: string;

const day = 86_400_000;
const me = userInfo().username;

async function put(id: string, days: number, uses: number, more: Partial<Exception> = {}): Promise<void> {
  const expires = new Date(Date.now() + days * day).toISOString();
  const exception = { id, match: { caller: id, target: 'vm-1' }, reason: 'because', owner: 'sam', expires };
  await store.exceptions.put({ ...exception, ...more }, [], `seed-${id}`);
  for (let i = 0; i < uses; i++)
    await store.exceptions.noteUse(id, `RW-${id}-${i}`, Date.now() - i * 7 * day);
}

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  store = createStore(bench.redis.address, []);
  await put('patching', 100, 3);
  await put('soon', 5, 1, { owner: me });
  await put('unused', 200, 0);
  await put('over', -2, 1, { owner: me });
  const app = await bench.start();
  url = `${app.url}/console/exceptions`;
  runOn(bench, bench.world.vms.pay01);
  await until('an alert', async () => (await store.alerts.list({ limit: 5 })).some(({ ready }) => ready));
  browser = await openBrowser();
  page = await browser.newPage();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await store?.close();
  await bench?.stop();
});

const row = (id: string) => page.locator(`#row-${id}`);
const focused = () =>
  page.evaluate('document.activeElement.dataset.action + " " + document.activeElement.dataset.of');

test('the tabs filter, and the address keeps it', async () => {
  await page.goto(url);
  expect(await page.locator('tbody tr').count()).toBe(4);
  for (const [name, ids] of [
    ['Expiring in 14 days 1', ['soon']],
    ['Unused 1', ['unused']],
    ['Mine 2', ['soon', 'over']],
  ] as const) {
    await page.getByRole('link', { name }).click();
    await page.getByRole('link', { name, exact: true }).and(page.locator('[aria-current]')).waitFor();
    const shown = await page.locator('tbody tr').evaluateAll((all) => all.map(({ id }) => id.slice(4)));
    expect(shown).toEqual(ids);
  }
  expect(page.url()).toBe(`${url}?view=mine`);
  await page.goto(url);
  expect(await row('patching').locator('svg.weeks').getAttribute('aria-label')).toContain('1, 1, 1');
});

test('an exception is extended, the result is beside the button and in a toast, and the focus stays', async () => {
  const before = await store.exceptions.get('patching');
  await page.goto(url);
  await row('patching').locator('[data-action=extend_exception]').focus();
  await page.keyboard.press('Enter');
  const until = new Date(Date.parse(before?.expires ?? '') + 30 * day).toISOString();
  await row('patching')
    .locator('.result.ok', { hasText: `${me} extended patching` })
    .waitFor();
  await page.locator('.toast', { hasText: `${me} extended patching` }).waitFor();
  expect((await store.exceptions.get('patching'))?.expires).toBe(until);
  await row('patching').locator(`time[datetime="${until}"]`).waitFor();
  expect(await focused()).toBe('extend_exception patching');
});

test('removing asks first, names the exception, and leaves what became of it', async () => {
  await page.goto(url);
  const remove = row('unused').locator('[data-opens=remove_exception]');
  await remove.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Remove the exception unused?' }).waitFor();
  await page.locator('dialog').getByText('It was never used.').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.evaluate('document.activeElement.dataset.of')).toBe('unused');
  await remove.click();
  await page.locator('dialog [data-action=remove_exception]').click();
  await page.locator('.toast', { hasText: `${me} removed unused. It no longer applies.` }).waitFor();
  const left = page.locator('tr.gone', { hasText: 'It no longer applies.' });
  await left.waitFor();
  expect(await left.evaluate((one) => one === one.ownerDocument.activeElement)).toBe(true);
  expect(await store.exceptions.get('unused')).toBeNull();
  await page.getByRole('link', { name: 'All 3' }).waitFor();
});

test('a refusal and a failure are told beside the button, and it works again', async () => {
  await put('gone', 50, 0);
  await page.goto(url);
  await store.exceptions.remove('gone', [], 'gone-meanwhile');
  await row('gone').locator('[data-action=extend_exception]').click();
  await page.locator('tr.gone', { hasText: 'That exception no longer exists.' }).waitFor();
  await page.locator('.toast.bad', { hasText: 'That exception no longer exists.' }).waitFor();

  await page.route(
    '**/soon/extend_exception',
    (route) => route.fulfill({ status: 502, body: 'Bad Gateway' }),
    {
      times: 1,
    },
  );
  const button = row('soon').locator('[data-action=extend_exception]');
  await button.click();
  await row('soon').locator('.result.bad', { hasText: 'isn’t available right now (error 502)' }).waitFor();
  expect(await button.getAttribute('aria-disabled')).toBeNull();
  await button.click();
  await row('soon').locator('.result.ok', { hasText: 'extended soon' }).waitFor();
});

test('what is typed before the scripts are loaded is in the preview', async () => {
  let load = () => {};
  const typed = new Promise<void>((done) => {
    load = done;
  });
  const held = '**/sheet*.mjs';
  await page.route(held, async (route) => {
    await typed;
    await route.continue();
  });
  await page.goto(`${url}/new`, { waitUntil: 'commit' });
  await page.locator('#f-target').fill('vm-pay-*');
  load();
  await page.locator('#preview').getByText('1 of 1 alerts').waitFor();
  await page.unroute(held);
});

test('a new exception: the preview follows what is typed, faults are at their fields, then it is listed', async () => {
  await page.goto(url);
  await page.getByRole('link', { name: 'Add exception' }).click();
  const preview = page.locator('#preview');
  await preview.getByText('Enter a condition').waitFor();
  await page.locator('#f-target').fill('vm-web-*');
  await preview.getByText('0 of 1 alerts').waitFor();
  await page.locator('#f-target').fill('vm-pay-*');
  await preview.getByText('1 of 1 alerts').waitFor();
  await preview.getByRole('link', { name: 'Run command on vm-pay-01' }).waitFor();
  await page.locator('#f-ip').fill('nowhere');
  await preview.getByText('No preview yet').waitFor();
  await page.locator('#f-ip').fill('');
  await page.locator('#f-caller').fill('dana.reyes@contoso.example');
  await page.locator('[data-action=create_exception]').click();
  await page.locator('.field .fault', { hasText: 'Enter a reason' }).waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('f-reason');
  await page.locator('#f-reason').fill('Dana maintains these machines');
  // The form was drawn again, and still has what was typed and its preview.
  await page.locator('#f-target').fill('vm-pay-0*');
  await preview.getByText('vm-pay-0*').waitFor();
  await page.locator('[data-action=create_exception]').click();
  await page.locator('.outcome', { hasText: 'is saved until' }).waitFor();
  await page.getByText('Dana maintains these machines').waitFor();
  await page.waitForURL(url);
});

test('one that needs a second responder stays on the page with what it waits for', async () => {
  await page.goto(`${url}/new`);
  await page.locator('#f-technique').selectOption('run-command');
  await page.locator('#preview').getByText('A second responder must approve it').waitFor();
  await page.locator('#f-reason').fill('too broad');
  await page.locator('[data-action=create_exception]').click();
  await page.locator('.result.waits', { hasText: 'Not done yet' }).waitFor();
});

test('without JavaScript, an exception is previewed, added, extended and removed', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(`${url}/new`);
  await plain.locator('#f-target').fill('vm-pay-01');
  await plain.getByRole('button', { name: 'Preview' }).click();
  await plain.locator('#preview').getByText('1 of 1 alerts').waitFor();
  expect(await plain.locator('#f-target').inputValue()).toBe('vm-pay-01');
  await plain.locator('#f-reason').fill('plain');
  await plain.locator('[data-action=create_exception]').click();
  await plain.locator('.outcome', { hasText: 'is saved until' }).waitFor();
  const added = plain.locator('tbody tr', { hasText: 'plain' });
  await added.getByRole('button', { name: 'Extend 30 days' }).click();
  const extended = lastDay(new Date(Date.now() + 61 * day).toISOString());
  await plain.locator('.outcome', { hasText: 'extended ex-' }).waitFor();
  expect(await added.locator('time').getAttribute('datetime')).toContain(extended.slice(0, 7));
  await added.getByRole('button', { name: 'Remove…' }).click();
  await plain.getByRole('button', { name: 'Remove exception' }).click();
  await plain.locator('.outcome', { hasText: 'It no longer applies.' }).waitFor();
  await context.close();
});

test('forms that did not come from our page are rejected', async () => {
  for (const path of ['/new', '/preview', '/new/preview', '/soon/remove_exception']) {
    const body = new URLSearchParams({ csrf: 'guessed', target: 'vm-1' });
    expect([path, (await fetch(`${url}${path}`, { method: 'POST', body })).status]).toEqual([path, 403]);
  }
});

test.each<['light' | 'dark', number]>([
  ['light', 1280],
  ['dark', 390],
])(
  'axe finds nothing in %s at %d pixels, all fits, and what is pressed is high enough',
  async (colorScheme, width) => {
    const context = await browser.newContext({
      bypassCSP: true,
      colorScheme,
      viewport: { width, height: 800 },
    });
    const own = await context.newPage();
    const faults = async () => {
      await own.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
      return own.evaluate(async () => {
        // biome-ignore lint/suspicious/noExplicitAny: axe adds itself to the page's window
        const found = await (globalThis as any).axe.run();
        return found.violations.map(
          (v: { id: string; nodes: { html: string }[] }) => `${v.id}: ${v.nodes[0]?.html.slice(0, 300)}`,
        );
      });
    };
    const small = () =>
      own
        .locator(
          '.btn:visible, select:visible, .views a, summary:visible, main input:visible:not([type=checkbox])',
        )
        .evaluateAll((all) =>
          all
            .filter((one) => one.getBoundingClientRect().height < 44)
            .map((one) => one.outerHTML.slice(0, 120)),
        );
    const check = async (path: string) => {
      expect([path, await own.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
      expect([path, await faults()]).toEqual([path, []]);
      if (width < 760) expect([path, await small()]).toEqual([path, []]);
    };
    await own.goto(url);
    await check('list');
    await own.locator('[data-opens=remove_exception]').first().click();
    await own.locator('dialog [data-action]').waitFor();
    await check('dialog');
    await own.goto(`${url}?view=unused`);
    await check('empty');
    await own.goto(`${url}/new`);
    await own.locator('summary').click();
    await own.locator('#f-target').fill('vm-*');
    await own.locator('#preview .figure').waitFor();
    await check('new');
    await own.locator('[data-action=create_exception]').click();
    await own.locator('[aria-invalid]').first().waitFor();
    await check('faults');
    await context.close();
  },
);
