// Takes the documentation's screenshots: `node scripts/screenshots.mjs` (needs `npm run build`, Chromium, and
// fonts with emoji and Lato). Those of the console come from the running demo; those of messages from a test,
// which runs the bot with a simulated Slack and Teams. With `--messages`, only the latter; with `--console`, only the former.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const address = 'http://127.0.0.1:3999/console';
const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs/images');

if (!process.argv.includes('--console')) {
  const test = 'test/pictures/message-pictures.test.ts';
  execFileSync('npx', ['jest', '--selectProjects', 'pictures', '--forceExit', test], {
    cwd: root,
    stdio: 'inherit',
  });
  cpSync(join(root, 'test-results/message'), join(images, 'message'), { recursive: true });
}
if (process.argv.includes('--messages')) process.exit(0);

const dir = mkdtempSync(join(tmpdir(), 'runwatch-shots-'));
const demo = spawn(process.execPath, [join(root, 'dist/cli.js'), 'demo', '--no-open'], {
  cwd: dir,
  env: { ...process.env, RUNWATCH_PORT: '3999' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
try {
  await new Promise((done) => demo.stdout.once('data', done));
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, deviceScaleFactor: 1.5 });
  const shot = (name, options = {}) => page.screenshot({ path: join(images, `${name}.png`), ...options });
  /** Signs in as one of the demo's people. */
  async function signInAs(name) {
    await page.goto(`${address}/sign-in`);
    await page.getByRole('button', { name }).click();
    await page.locator('.account').waitFor();
  }
  /** Without the demo's Slack, the page is as a configured product has it. */
  const hideSlack = () => page.evaluate(() => document.getElementById('slack')?.remove());
  /** Opens an alert from the list, once it is there. */
  async function open(title) {
    const link = page.getByRole('link', { name: title, exact: true });
    for (let tries = 0; tries < 60; tries++) {
      await page.goto(address);
      if ((await link.count()) > 0) break;
      await page.waitForTimeout(500);
    }
    await link.click();
    await page.locator('#alert').waitFor();
    await page.getByRole('button', { name: 'Live' }).waitFor();
    await hideSlack();
  }
  /** Runs an action, confirms it, and waits until the page shows the result. */
  async function press(action, done) {
    await page.evaluate((id) => {
      document.querySelector(`[data-opens="${id}"], [data-action="${id}"]`).click();
    }, action);
    const confirm = page.locator(`dialog [data-action=${action}]`);
    if (await page.locator('dialog[open]').count()) await confirm.click();
    await page.locator('#part-next').getByText(done).first().waitFor();
    await page.locator('.toast').last().waitFor();
    await page.evaluate(() => document.getElementById('toasts').replaceChildren());
  }

  /** Lets the demo play a scenario, and opens the alert that its story ends with, once the page has this text. */
  async function play(says, title, text) {
    await page.goto(address);
    await page.locator('details.demo summary').click();
    await page.locator('details.demo button', { hasText: says }).click();
    await open(title);
    for (let tries = 0; tries < 60 && (await page.getByText(text).count()) === 0; tries++) {
      await page.waitForTimeout(500);
      await page.reload();
    }
    await hideSlack();
  }
  /** A part of the page, from one element to the end of another. */
  async function part(name, from, to) {
    const [first, last] = [await page.locator(from).boundingBox(), await page.locator(to).boundingBox()];
    const width = Math.max(first.width, last.width) + 16;
    const clip = { x: first.x - 8, y: first.y - 8, width, height: last.y + last.height - first.y + 16 };
    await shot(name, { clip, fullPage: true, scale: 'css' });
  }

  await signInAs('Maya Lind');
  await open('Run command on 24 machines');
  await page.goto(address);
  await hideSlack();
  await shot('alerts');
  await open('Managed run command on vm-pay-01');
  await page.getByText('exit code').first().waitFor();
  await page.locator('#part-evidence').screenshot({ path: join(images, 'script.png') });
  await open('Run command on vm-pay-01');
  await page.locator('.days').waitFor();
  await shot('alert');
  await press('acknowledge', 'Acknowledged by');
  await press('isolate', 'requested by');
  await page.setViewportSize({ width: 1600, height: 1000 });
  await page.reload();
  await page.locator('#slack-messages').getByText('requested by').waitFor();
  await page.getByRole('button', { name: 'Live' }).waitFor();
  await shot('demo');
  await page.setViewportSize({ width: 1280, height: 1000 });
  await signInAs('Omar Haddad');
  await open('Run command on vm-pay-01');
  await press('approve', 'Isolated:');
  await shot('isolated');
  await page.locator('summary', { hasText: 'Contain' }).click();
  await page.locator('#part-responses').screenshot({ path: join(images, 'more.png') });
  await press('snapshot', 'locked against deletion');
  await press('revoke_role', 'Revoked:');
  await press('watch', 'Watched:');
  await press('disable_caller', 'is disabled.');
  await page.locator('#part-measures').screenshot({ path: join(images, 'measures.png') });
  await press('restore', 'now runs from the snapshot of');
  await page.locator('#part-next').screenshot({ path: join(images, 'restored.png') });
  await open('Run command on 24 machines');
  await press('isolate', 'requested by');
  await signInAs('Maya Lind');
  await open('Run command on 24 machines');
  await press('approve', 'of 24 machines are denied');
  await shot('contained');
  await play('reads the keys of a storage', 'Run command on vm-orders-01', 'stordersprod · succeeded');
  await part('chain-token', '#part-guest', '#part-timeline');
  await play('opens its serial console', 'Serial console on vm-ledger-01', 'sudo su -');
  await part('chain-console', '#alert', '#part-campaign');
  await play('runs a command on another machine', 'Run command on vm-settle-01', 'where 1 ran');
  await part('chain-scale-set', '#alert', '#part-campaign');
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await new Promise((done) => demo.once('exit', done));
  rmSync(dir, { recursive: true, force: true });
}
