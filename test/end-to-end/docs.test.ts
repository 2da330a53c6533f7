import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { bash, commandsOf, copyClone, haveEnded, packInto, pages, writeShims } from '../support/docs';
import { freePort } from '../support/free-port';
import { createServers } from '../support/redis-servers';
import { until } from '../support/wait';

const root = join(__dirname, '../..');
const servers = createServers();
let bench: Bench;
let dir: string;
let clone: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'socket' });
  dir = mkdtempSync(join(tmpdir(), 'runwatch-docs-'));
  clone = copyClone(dir);
}, 60_000);
afterAll(async () => {
  await bench.stop();
  servers.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** What a machine behind a proxy needs to reach the npm registry. */
const certificates = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^NODE_(EXTRA_CA_CERTS|USE_SYSTEM_CA)$/.test(name)),
);

/** Starts a demo, waits for its console, runs `work` on it and stops the demo. */
async function withDemo(
  program: string,
  args: string[],
  cwd: string,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const port = String(await freePort());
  const demo = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...certificates, RUNWATCH_PORT: port },
    stdio: 'ignore',
    detached: true,
  });
  const browser = await openBrowser();
  try {
    await until('the console', async () => (await fetch(`http://127.0.0.1:${port}/console`)).ok, 120);
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/console`);
    await page.getByRole('button', { name: /Omar Haddad/ }).click();
    await work(page);
  } finally {
    await browser.close();
    process.kill(-(demo.pid as number), 'SIGTERM');
    await until('its end', () => haveEnded([demo.pid as number]), 30);
  }
}

const acknowledge = async (page: Page) => {
  const alert = page.locator('a.what', { hasText: 'Run command on vm-pay-01' }).first();
  const fresh = page.locator('#fresh:visible');
  await alert.or(fresh).first().waitFor({ timeout: 120_000 });
  if (!(await alert.isVisible())) await fresh.click();
  await alert.click();
  await page.locator('[data-action=acknowledge]').first().click();
  await page.locator('#part-next').getByText('Acknowledged by').waitFor();
};

test('the README alone leads from a fresh clone to a pressed button in under five minutes', async () => {
  const startMs = Date.now();
  await withDemo('npm', ['run', 'demo'], clone, acknowledge);
  const seconds = (Date.now() - startMs) / 1000;
  process.stderr.write(`from a fresh clone to a pressed button: ${seconds.toFixed(0)} s\n`);
  expect(seconds).toBeLessThan(300);
}, 300_000);

test('the package runs with npx in an empty folder', async () => {
  const empty = join(dir, 'empty');
  mkdirSync(empty);
  await withDemo(
    'npx',
    ['--yes', '--package', packInto(dir), 'runwatch', 'demo', '--no-open'],
    empty,
    acknowledge,
  );
}, 300_000);

test('no other page contains commands', () => {
  const all = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'ARCHITECTURE.md'];
  const docs = readdirSync(join(root, 'docs')).flatMap((name) =>
    name.endsWith('.md') ? [`docs/${name}`] : [],
  );
  const withCommands = [...all, ...docs].filter((page) => commandsOf(page) !== '');
  // docs/configuration.md shows .env.example, which is not a script. api.test.ts runs docs/api.md, and
  // integrations.test.ts the forwarder of docs/integrations.md, whose other commands are for products that are not here.
  const others = ['docs/api.md', 'docs/configuration.md', 'docs/integrations.md'];
  expect(withCommands.filter((page) => !others.includes(page))).toEqual(pages);
});

// docs/start.md is run by walk-through.test.ts.
test.each(pages.filter((page) => page !== 'docs/start.md'))(
  'every command in %s runs as written',
  async (page) => {
    const { AZURE_ACCESS_TOKEN: token = '', RUNWATCH_DATA_DIR: _, ...env } = bench.env;
    await bash(withoutTests(commandsOf(page)), clone, {
      ...env,
      PATH: `${writeShims(dir)}:${process.env.PATH}`,
      HOME: process.env.HOME ?? dir,
      RUNWATCH_PORT: String(await freePort()),
      // NODE_EXTRA_CA_CERTS is the simulated tenant's here.
      NODE_USE_SYSTEM_CA: '1',
      SHIM_TOKEN: token,
      SHIM_LOG: join(dir, 'shims.log'),
      SHIM_ACTIVITY: join(root, 'test/fixtures/activity-log/az-monitor-activity-log-list.json'),
      SHIM_PATH: process.env.PATH ?? '',
      REDIS_URL: '',
      // The others set a token of their own.
      ...(page === 'docs/doctor.md' ? { REDIS_URL: await servers.single(), AZURE_ACCESS_TOKEN: token } : {}),
      AZURE_CLIENT_ID: 'a0b1c2d3-0000-4000-8000-000000000002',
      // What docs/sentinel.md asks the reader to set.
      RESOURCE_GROUP: 'rg-logs',
      WORKSPACE: 'logs',
      PRINCIPAL_ID: 'b07b07b0-0000-4000-8000-000000000001',
    });
  },
  300_000,
);

/** Removes test commands, which CI runs separately. */
const withoutTests = (script: string) => script.replace(/^(npm test|npm run test\S*|\.ci\/run)\b.*$/gm, ':');
