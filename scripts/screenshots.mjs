// Takes the documentation's screenshots: `node scripts/screenshots.mjs` (needs `npm run build`, Chromium, and
// fonts with emoji and Lato). Those of the console come from the running demo; those of messages from a test,
// which runs the bot with a simulated Slack and Teams. With `--messages`, only the latter.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs/images');

const test = 'test/pictures/message-pictures.test.ts';
execFileSync('npx', ['jest', '--selectProjects', 'pictures', '--forceExit', test], {
  cwd: root,
  stdio: 'inherit',
});
cpSync(join(root, 'test-results/message'), join(images, 'message'), { recursive: true });
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
  const page = await browser.newPage({ viewport: { width: 1040, height: 1000 }, deviceScaleFactor: 1.5 });
  await page.goto('http://127.0.0.1:3999/console');
  const night = page.locator('article.card', { hasText: 'Run command on vm-pay-01' }).first();
  await night.getByText('related events').waitFor();
  await page.locator('article.card', { hasText: '24 machines' }).waitFor();
  await night.screenshot({ path: join(images, 'alert.png') });
  const managed = page.locator('article.card', { hasText: 'Managed run command on vm-pay-01' });
  await managed.getByText('exit code').waitFor();
  await managed.screenshot({ path: join(images, 'script.png') });
  await night.locator('[data-action=acknowledge]').click();
  await night.getByText('Acknowledged by').waitFor();
  await night.locator('[data-opens=isolate]').click();
  await night.locator('[data-action=isolate]').click();
  await night.getByText('Isolated:').waitFor();
  await night.screenshot({ path: join(images, 'isolated.png') });
  await night.locator('[data-opens=more]').click();
  await night.screenshot({ path: join(images, 'more.png') });

  /** Runs an action on a card, confirms it, and waits until the card shows the result. */
  async function press(card, action, done) {
    const folded = card.locator('[data-opens=more]');
    if (
      !(await folded
        .locator('..')
        .getAttribute('open')
        .catch(() => ''))
    ) {
      const inMore = await card
        .locator(`.more [data-opens=${action}], .more [data-action=${action}]`)
        .count();
      if (inMore > 0 && !(await card.locator('details.more[open]').count())) await folded.click();
    }
    const opens = card.locator(`[data-opens=${action}]`);
    if (await opens.count()) await opens.click();
    await card.locator(`[data-action=${action}]`).click();
    await card.getByText(done).waitFor();
  }
  /** Retries, since a card that changes during the screenshot is replaced. */
  async function shot(card, name, triesLeft = 10) {
    try {
      await card.screenshot({ path: join(images, `${name}.png`), timeout: 5000 });
    } catch (error) {
      if (triesLeft === 0) throw error;
      await shot(card, name, triesLeft - 1);
    }
  }
  await press(night, 'snapshot', 'locked against deletion');
  await press(night, 'revoke_role', 'Revoked:');
  await press(night, 'watch', 'Watched:');
  await press(night, 'disable_caller', 'is disabled.');
  await shot(night, 'measures');
  await press(night, 'restore', 'now runs from the snapshot of');
  await shot(night, 'restored');
  const storm = page.locator('article.card', { hasText: '24 machines' });
  await press(storm, 'isolate', 'of 24 machines are denied');
  await shot(storm, 'contained');
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await new Promise((done) => demo.once('exit', done));
  rmSync(dir, { recursive: true, force: true });
}
