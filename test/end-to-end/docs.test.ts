import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { freePort } from '../support/free-port';
import { until } from '../support/wait';

const root = join(__dirname, '../..');
let bench: Bench;
let dir: string;
let clone: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'socket' });
  dir = mkdtempSync(join(tmpdir(), 'runwatch-docs-'));
  clone = join(dir, 'runwatch');
  mkdirSync(clone);
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
  execFileSync('tar', ['-cf', join(dir, 'clone.tar'), '--null', '-T', '-'], { cwd: root, input: files });
  execFileSync('tar', ['-xf', join(dir, 'clone.tar'), '-C', clone]);
}, 60_000);
afterAll(async () => {
  await bench.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Returns a script's exit code and output. */
async function bash(script: string, env: Record<string, string>) {
  const program = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd: clone, env });
  let output = '';
  for (const stream of [program.stdout, program.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const code = await new Promise((done) => program.on('close', done));
  return { code, output };
}

/** All `sh` blocks of a page, as a reader would paste them. */
const commandsOf = (page: string) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh\n(.*?)^```/gms)]
    .map(([, block]) => block)
    .join('\n');

/** What a machine behind a proxy needs to reach the npm registry. */
const certificates = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^NODE_(EXTRA_CA_CERTS|USE_SYSTEM_CA)$/.test(name)),
);

/** Whether a process group has ended. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

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
    await until('its end', () => isGone(-(demo.pid as number)), 30);
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
  execFileSync(process.execPath, ['scripts/setup.mjs'], { cwd: clone, stdio: 'pipe' });
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: clone, stdio: 'pipe' });
  const [tarball] = readdirSync(dir).filter((name) => name.endsWith('.tgz'));
  const empty = join(dir, 'empty');
  mkdirSync(empty);
  await withDemo(
    'npx',
    ['--yes', '--package', join(dir, tarball ?? ''), 'runwatch', 'demo', '--no-open'],
    empty,
    acknowledge,
  );
}, 300_000);

const pages = ['README.md', 'docs/deploy.md', 'docs/sign-in.md', 'docs/start.md'];

test('no other page contains commands', () => {
  const all = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'ARCHITECTURE.md'];
  const docs = readdirSync(join(root, 'docs')).flatMap((name) =>
    name.endsWith('.md') ? [`docs/${name}`] : [],
  );
  const withCommands = [...all, ...docs].filter((page) => commandsOf(page) !== '');
  // docs/configuration.md shows .env.example, which is not a script.
  expect(withCommands.filter((page) => page !== 'docs/configuration.md')).toEqual(pages);
});

test.each(pages)(
  'every command in %s runs as written',
  async (page) => {
    const shims = join(dir, 'shims');
    mkdirSync(shims, { recursive: true });
    for (const program of ['az', 'docker', 'helm', 'kubectl', 'node', 'npm']) {
      const path = join(shims, program);
      writeFileSync(
        path,
        `#!/bin/sh\nexec ${process.execPath} ${join(root, 'test/support/shims/shim.cjs')} ${program} "$@"\n`,
      );
      chmodSync(path, 0o755);
    }
    const { AZURE_ACCESS_TOKEN: token = '', RUNWATCH_DATA_DIR: _, ...env } = bench.env;
    const { code, output } = await bash(withoutTests(commandsOf(page)), {
      ...env,
      PATH: `${shims}:${process.env.PATH}`,
      HOME: process.env.HOME ?? dir,
      RUNWATCH_PORT: String(await freePort()),
      // NODE_EXTRA_CA_CERTS is the simulated tenant's here.
      NODE_USE_SYSTEM_CA: '1',
      SHIM_TOKEN: token,
      SHIM_LOG: join(dir, 'shims.log'),
      SHIM_ACTIVITY: join(root, 'test/fixtures/activity-log/az-monitor-activity-log-list.json'),
      SHIM_PATH: process.env.PATH ?? '',
      REDIS_URL: '',
      AZURE_CLIENT_ID: 'a0b1c2d3-0000-4000-8000-000000000002',
    });
    if (code !== 0) throw new Error(output.slice(-3000));
  },
  300_000,
);

/** Removes test commands, which CI runs separately. */
const withoutTests = (script: string) => script.replace(/^(npm test|npm run test\S*|\.ci\/run)\b.*$/gm, ':');
