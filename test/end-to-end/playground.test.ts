import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { runCommand } from '../../src/demo/scenarios';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { freePort } from '../support/free-port';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let playground: ChildProcess;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const app = await bench.start({ TEAMS_LOCAL: '1' });
  const program = join(__dirname, '../../node_modules/.bin/agentsplayground');
  const port = await freePort();
  playground = spawn(
    program,
    ['-e', `${app.url}/api/messages`, '-c', 'msteams', '--dt', '-p', String(port)],
    { stdio: ['ignore', 'inherit', 'inherit'], detached: true },
  );
  await until('the Playground', async () => (await fetch(`http://127.0.0.1:${port}`)).ok, 30);
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1300, height: 1000 } });
  await page.goto(`http://127.0.0.1:${port}`, { waitUntil: 'domcontentloaded' });
}, 90_000);
afterAll(async () => {
  await browser?.close();
  if (playground?.pid) process.kill(-playground.pid, 'SIGKILL');
  await bench?.stop();
});

test("an alert in Microsoft's own client can be acknowledged, isolated, released and excepted", async () => {
  const { tenant, world } = bench;
  tenant.log({
    name: runCommand,
    resourceId: world.vms.pay01,
    caller: world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 32_000,
  });
  await page.getByText('Dana Reyes ran a command as root on vm-pay-01').first().waitFor({ timeout: 60_000 });
  const button = (name: string, exact = true) => page.getByRole('button', { name, exact });
  /** A card update closes what was open, so this reopens it until the inner button can be pressed. */
  const openAndPress = (outer: string, inner: string) =>
    until(`${inner} in ${outer}`, async () => {
      await button(outer).first().click({ timeout: 2000 });
      await button(inner).last().click({ timeout: 2000 });
      return true;
    });
  await button('Acknowledge').first().click();
  await page.getByText('Acknowledged by').first().waitFor();

  await openAndPress('Isolate vm-pay-01…', 'Isolate');
  await page.getByText('Isolated:').first().waitFor();
  const nic = `${world.vms.pay01.replace('Compute/virtualMachines', 'Network/networkInterfaces')}-nic0`;
  expect(JSON.stringify(tenant.resources.get(nic).properties.networkSecurityGroup)).toContain(
    'runwatch-isolation',
  );

  await openAndPress('Release isolation…', 'Release');
  await page.getByText('Released:').first().waitFor();
  expect(JSON.stringify(tenant.resources.get(nic).properties.networkSecurityGroup)).toContain('nsg-payments');

  // An update replaces the card.
  const top = page.getByText('ran a command as root on vm-pay-01').first();
  await until('the top of the card', () =>
    top.scrollIntoViewIfNeeded().then(
      () => true,
      () => false,
    ),
  );
  await page.screenshot({ path: join(__dirname, '../../test-results/teams.png') });
  await openAndPress('Add exception…', 'Save');
  await page.getByText('Closed as expected').first().waitFor();

  await bench.runNow('reviewAccess', 'review');
  await page.getByText('can run commands;').first().waitFor();
  await page.screenshot({ path: join(__dirname, '../../test-results/access-review.png') });
}, 150_000);
