import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, setUp } from '../support/bot';
import { type Image, replay } from '../support/dockerfile';
import { freePort } from '../support/free-port';
import { createServers } from '../support/redis-servers';
import { until } from '../support/wait';

const root = join(__dirname, '../..');
const mb = 1_000_000;
/** The files of gcr.io/distroless/cc-debian12: glibc, libstdc++, OpenSSL, certificates and time zones. */
const baseBytes = 25 * mb;

const servers = createServers();
let bench: Bench;
let image: Image;
let dir: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  dir = mkdtempSync(join(tmpdir(), 'runwatch-image-'));
  chmodSync(dir, 0o755);
  image = replay(root, dir, { '/usr/local/bin/node': process.execPath });
}, 300_000);
afterAll(async () => {
  await bench.stop();
  servers.stop();
  rmSync(dir, { recursive: true, force: true });
});

const files = () =>
  readdirSync(image.dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

/** Starts Node in the image as its user, who may write nowhere in it. */
function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  const [uid, gid] = image.user.split(':').map(Number);
  return spawn(join(image.dir, 'usr/local/bin/node'), args, {
    cwd: join(image.dir, image.workdir),
    env: { ...image.env, ...env },
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    stdio: 'inherit',
  });
}

test('it holds no compiler, no source maps and no types, and is under 200 MB', () => {
  const paths = files();
  expect(paths.filter((path) => /\.(map|[cm]?ts|tsbuildinfo)$/.test(path))).toEqual([]);
  expect(paths.filter((path) => /\/(typescript|typescript-[^/]+|node-gyp|npm)\//.test(path))).toEqual([]);
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, baseBytes);
  process.stderr.write(`the image: ${(bytes / mb).toFixed(0)} MB\n`);
  expect(bytes).toBeLessThan(200 * mb);
});

test('it runs Node 24, with a fixed user that is not root', () => {
  expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  const version = execFileSync(join(image.dir, 'usr/local/bin/node'), ['--version'], { encoding: 'utf8' });
  expect(version).toMatch(/^v24\./);
});

test('every module of the program loads without what was left out', async () => {
  const load = `
    const { readdirSync } = require('node:fs');
    const { join } = require('node:path');
    const own = (path) => /\\.js$/.test(path) && !/assets|cli\\.js$/.test(path);
    for (const path of readdirSync('dist', { recursive: true }).filter(own)) require(join(process.cwd(), 'dist', path));
    process.exit(0);`;
  const code = await new Promise((done) => start(['-e', load]).on('close', done));
  expect(code).toBe(0);
});

test('it starts and becomes ready', async () => {
  const port = String(await freePort());
  const { RUNWATCH_DATA_DIR: _, ...env } = bench.env;
  const { NODE_EXTRA_CA_CERTS: ca } = env;
  chmodSync(join(ca as string, '..'), 0o755);
  const bot = start([...image.entrypoint.slice(1), 'start'], {
    ...env,
    REDIS_URL: await servers.single(),
    RUNWATCH_SECRET: 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=',
    RUNWATCH_CONSOLE_TOKEN: 'correct horse battery staple',
    RUNWATCH_PORT: port,
  });
  try {
    await until('the bot', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, 60);
  } finally {
    const end = new Promise((done) => bot.on('close', done));
    bot.kill('SIGTERM');
    expect(await end).toBe(0);
  }
}, 120_000);
