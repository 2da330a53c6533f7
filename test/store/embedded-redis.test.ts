import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/store/redis/connect';
import { startEmbeddedRedis } from '../../src/store/redis/embedded-redis';
import { isRunning } from '../../src/store/redis/start-lock';
import { killRedis, pidOfRedis } from '../support/kill-redis';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'runwatch-embedded-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Starts another process that uses the embedded Redis until `leave` is called or it is killed. */
async function user(
  module = 'store/redis/embedded-redis.js',
  start = 'startEmbeddedRedis',
): Promise<{ child: ChildProcess; leave: () => Promise<void> }> {
  const path = join(__dirname, '../../dist', module);
  const child = spawn(
    process.execPath,
    [
      '-e',
      `require(${JSON.stringify(path)}).${start}(${JSON.stringify(dir)}).then(({ stop }) => {
        process.stdout.write('in\\n');
        process.stdin.once('data', () => stop().then(() => process.exit()));
      })`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return {
    child,
    leave: async () => {
      child.stdin?.write('leave\n');
      await once(child, 'exit');
    },
  };
}

test('Redis keeps running when its first user leaves, and stops with the last', async () => {
  const first = await startEmbeddedRedis(dir);
  const second = await user();
  const pid = await pidOfRedis(first.address);
  await first.stop();
  expect(isRunning(pid)).toBe(true);
  const third = await startEmbeddedRedis(dir);
  expect(await pidOfRedis(third.address)).toBe(pid);
  await second.leave();
  expect(isRunning(pid)).toBe(true);
  await third.stop();
  expect(isRunning(pid)).toBe(false);
});

test('Redis also stops with its last user if the process that started it was killed', async () => {
  const starter = await user();
  const joined = await startEmbeddedRedis(dir);
  const pid = await pidOfRedis(joined.address);
  starter.child.kill('SIGKILL');
  await once(starter.child, 'exit');
  expect(isRunning(pid)).toBe(true);
  await joined.stop();
  expect(isRunning(pid)).toBe(false);
});

test('processes that start at the same time share one Redis', async () => {
  const all = await Promise.all([
    ...Array.from({ length: 4 }, () => startEmbeddedRedis(dir)),
    user(),
    user(),
  ]);
  const embedded = all.filter((one) => 'address' in one);
  const users = all.filter((one) => 'leave' in one);
  const pids = new Set(await Promise.all(embedded.map(({ address }) => pidOfRedis(address))));
  expect(pids.size).toBe(1);
  await Promise.all([...embedded.map(({ stop }) => stop()), ...users.map(({ leave }) => leave())]);
  expect(isRunning([...pids][0] as number)).toBe(false);
}, 30_000);

test('starting while the last user leaves loses no data', async () => {
  for (let i = 0; i < 8; i++) {
    const going = await startEmbeddedRedis(dir);
    const [coming] = await Promise.all([startEmbeddedRedis(dir), going.stop()]);
    const redis = connect(coming.address);
    redis.on('error', () => {});
    expect(await redis.incr('rounds')).toBe(i + 1);
    redis.disconnect();
    await coming.stop();
  }
}, 30_000);

test('Redis is restarted with its data after a crash', async () => {
  const embedded = await startEmbeddedRedis(dir);
  const redis = connect(embedded.address);
  redis.on('error', () => {});
  await redis.set('kept', 'yes');
  const pid = await killRedis(embedded.address);
  expect(await redis.get('kept')).toBe('yes');
  expect(await pidOfRedis(embedded.address)).not.toBe(pid);
  redis.disconnect();
  await embedded.stop();
});

test('a lock left by a dead process is ignored, even if it has our process id', async () => {
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  mkdirSync(join(dir, 'redis'));
  for (const pid of [dead.pid, process.pid]) {
    writeFileSync(join(dir, 'redis', 'start.lock'), `${pid} 0-0-0`);
    const embedded = await startEmbeddedRedis(dir);
    await embedded.stop();
  }
});

test('a command does not stop the Redis of a running bot', async () => {
  const bot = await startEmbeddedRedis(dir);
  const pid = await pidOfRedis(bot.address);
  const command = spawn(process.execPath, [join(__dirname, '../../dist/cli.js'), 'exceptions', 'list'], {
    env: { PATH: process.env.PATH, RUNWATCH_DATA_DIR: dir },
  });
  expect(await once(command, 'exit')).toEqual([0, null]);
  expect(await pidOfRedis(bot.address)).toBe(pid);
  await bot.stop();
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a command that %s interrupts leaves no Redis behind',
  async (signal) => {
    const { child } = await user('commands/support/with-store.js', 'acquireEmbeddedRedis');
    const pid = await pidOfRedis({ socket: join(dir, 'redis', 'redis.sock') });
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(isRunning(pid)).toBe(false);
  },
);
