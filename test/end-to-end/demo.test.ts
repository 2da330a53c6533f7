import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { RunningDemo } from '../../src/commands/demo-app';
import { scenarios } from '../../src/demo/scenarios';
import { analyst, auditor, responder } from '../../src/demo/team';
import { axeFaults } from '../support/axe';
import { openBrowser } from '../support/browser';
import { startTestDemo } from '../support/demo';

let demo: RunningDemo & { url: string };
let browser: Browser;
let context: BrowserContext;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  demo = await startTestDemo();
  for (const { name, play } of scenarios)
    if (name === 'night' || name === 'storm') play(demo.tenant, demo.world);
  browser = await openBrowser();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const chat = () => page.locator('#slack-messages');
const next = () => page.locator('#part-next');
/** Opens the switch and chooses a person, with the keyboard alone. */
async function switchTo({ name }: { name: string }) {
  await page.getByRole('link', { name: 'Switch' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.account', { hasText: name }).waitFor();
}

test('the list shows the channel’s newest messages, and new ones appear', async () => {
  await page.goto(demo.url);
  await page.getByRole('button', { name: analyst.name }).click();
  await chat().getByText('ran a command as root on vm-pay-01').first().waitFor();
  await chat().locator('.message h3', { hasText: '24 machines' }).waitFor();
  expect(await chat().locator('.thread').count()).toBe(0);
});

test('a page of an alert shows its message and thread, and both change together', async () => {
  const row = page.locator('a.what', { hasText: /^Run command on vm-pay-01$/ });
  await row.or(page.locator('#fresh:visible')).first().waitFor();
  if (!(await row.isVisible())) await page.locator('#fresh').click();
  await row.click();
  await chat().locator('.thread', { hasText: 'Details' }).waitFor();
  expect(await chat().locator(':scope > .message').count()).toBe(1);
  await next().locator('[data-action=acknowledge]').click();
  await next().getByText('Acknowledged by Maya Lind').waitFor();
  await chat().getByText('Acknowledged by Maya Lind').first().waitFor();
});

test('a button in the chat opens its form, and the second person approves there by the keyboard', async () => {
  await chat().getByRole('button', { name: 'Isolate vm-pay-01…' }).click();
  await page.locator('dialog [data-action=isolate]').click();
  await page.locator('.toast', { hasText: 'A second, different responder must approve it' }).waitFor();
  await chat().getByRole('button', { name: 'Approve: Isolate: vm-pay-01' }).waitFor();
  await next().getByText('requested by Maya Lind').waitFor();

  await switchTo(auditor);
  await chat().getByRole('button', { name: 'Approve: Isolate: vm-pay-01' }).click();
  await page.locator('.toast.bad', { hasText: 'You are not among the responders' }).waitFor();

  await switchTo(responder);
  await chat().getByRole('button', { name: 'Approve: Isolate: vm-pay-01' }).focus();
  await page.keyboard.press('Enter');
  await chat().getByText('Isolated:').first().waitFor();
  await next().getByText('Isolated:').first().waitFor();
  await page.locator('#part-timeline', { hasText: 'approved by Omar Haddad' }).waitFor();
  await page.goto(`${demo.url}/audit`);
  await page.locator('tr', { hasText: 'Maya Lind' }).filter({ hasText: 'isolate' }).first().waitFor();
});

test('a menu of the message presses too, and a faulty form says why', async () => {
  await page.goto(demo.url);
  await page.locator('a.what', { hasText: '24 machines' }).click();
  await chat().locator('summary[aria-label=More]').click();
  await chat().getByRole('button', { name: /^Ask / }).click();
  await page.locator('.toast', { hasText: /ask/i }).waitFor();
  await chat().getByRole('button', { name: 'Add exception…' }).click();
  await page.locator('#f-reason').fill('');
  await page.locator('dialog [data-action=add_exception]').click();
  await page.locator('dialog [data-fault]', { hasText: 'Enter a reason' }).waitFor();
  await page.keyboard.press('Escape');
});

test('a form that the chat opens beside the list is pressed there', async () => {
  await page.goto(demo.url);
  const message = chat().locator('.message', { hasText: 'vm-test-01' }).first();
  await message.locator('summary[aria-label=More]').click();
  await message.getByRole('button', { name: 'Close…' }).click();
  await page.locator('#f-as').selectOption('expected');
  await page.locator('dialog [data-action=close]').click();
  await page.locator('.toast', { hasText: 'done' }).waitFor();
  expect(page.url()).toBe(demo.url);
});

test('an access review appears on the alert’s page', async () => {
  await page.goto(demo.url);
  await page.locator('a.what', { hasText: /^Run command on vm-pay-01$/ }).click();
  await page.locator('#part-responses summary', { hasText: 'Triage' }).click();
  await page.locator('#part-responses [data-action=review_access]').click();
  const review = page.locator('#part-review');
  await review.getByText('Virtual Machine Contributor at subscription Payments').waitFor();
  await review.getByText('group ops-oncall (2 members)').waitFor();
  await review.getByText(/Dana Reyes, lee@contoso.example \(.*\), on 26 machines/).waitFor();
  const box = await review.boundingBox();
  expect(box && box.y >= 0 && box.y < 900).toBe(true);
  await page.reload();
  await review.getByText('reviewed by Omar Haddad').waitFor();
});

test('an incident in Sentinel is a link', async () => {
  await page.goto(demo.url);
  await page.locator('a.what', { hasText: 'Run command on 24 machines' }).click();
  await page.locator('#part-responses summary', { hasText: 'Hand over' }).click();
  await page.locator('#part-responses [data-opens=escalate]').click();
  await page.locator('dialog [data-action=escalate]').click();
  const link = next().getByRole('link', { name: 'Microsoft Sentinel' });
  await link.waitFor();
  expect(await link.getAttribute('href')).toMatch(/^https:\/\/portal\.azure\.com\//);
  await page.locator('#part-timeline').getByRole('link', { name: 'Microsoft Sentinel' }).waitFor();
});

test.each([
  ['light', 1440],
  ['dark', 1440],
  ['light', 320],
  ['dark', 390],
] as const)(
  'axe finds nothing in %s at %d pixels, and each page fits',
  async (colorScheme, width) => {
    const viewport = { width, height: 800 };
    const storageState = await context.storageState();
    const own = await browser.newContext({ bypassCSP: true, colorScheme, viewport, storageState });
    const shown = await own.newPage();
    const check = async (what: string) => {
      expect([what, await shown.evaluate('document.documentElement.scrollWidth')]).toEqual([what, width]);
      expect([what, await axeFaults(shown)]).toEqual([what, []]);
    };
    await shown.goto(`${demo.url}/sign-in`);
    await check('the people');
    await shown.goto(demo.url);
    await check('the list');
    await shown.locator('a.what', { hasText: 'Run command on 24 machines' }).click();
    await shown.locator('#slack-messages .thread').waitFor();
    await shown.locator('#slack-messages summary[aria-label=More]').click();
    await check('an alert');
    await own.close();
  },
  60_000,
);

test('no page logs an error or breaks the content security policy', () => {
  expect(errors.filter((text) => !text.includes('422'))).toEqual([]);
});
