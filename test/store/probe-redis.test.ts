import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../../src/app';
import { allRoles } from '../../src/config/config';
import { loadConfig } from '../../src/load-config';
import { createLog } from '../../src/runtime/log';
import { connect } from '../../src/store/redis/connect';
import { onPath } from '../../src/store/redis/embedded-redis';
import { whyNoRedis } from '../../src/store/redis/probe-redis';
import { freePort } from '../support/free-port';
import { until } from '../support/wait';

const program = (onPath('redis-server') ?? onPath('valkey-server')) as string;
const dir = mkdtempSync(join(tmpdir(), 'runwatch-probe-'));
const running: ChildProcess[] = [];

async function redis(...options: string[]): Promise<number> {
  const port = await freePort();
  const child = spawn(program, ['--port', String(port), '--dir', dir, '--save', '', ...options], {
    stdio: 'ignore',
  });
  running.push(child);
  await until('Redis', async () => {
    const why = await whyNoRedis({ url: `redis://127.0.0.1:${port}` });
    return why === null || !why.includes('refuses the connection');
  });
  return port;
}

afterAll(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(dir, { recursive: true, force: true });
});

test('a usable Redis gives no reason', async () => {
  const port = await redis();
  expect(await whyNoRedis({ url: `redis://127.0.0.1:${port}` })).toBeNull();
});

test('each reason for an unusable Redis is distinguished', async () => {
  const locked = await redis('--requirepass', 'right');
  const replica = await redis('--replicaof', '127.0.0.1', String(await freePort()));
  const open = await redis();
  const cases: [string, RegExp][] = [
    [`redis://127.0.0.1:${await freePort()}`, /refuses the connection/],
    ['redis://no-such-host.invalid:6379', /host name in REDIS_URL cannot be resolved/],
    [`redis://127.0.0.1:${locked}`, /refuses the password/],
    [`redis://:wrong@127.0.0.1:${locked}`, /refuses the password/],
    [`redis://127.0.0.1:${replica}`, /read-only/],
    [`redis://127.0.0.1:${open}/99`, /no such database/],
  ];
  for (const [url, says] of cases)
    expect([url, await whyNoRedis({ url })]).toEqual([url, expect.stringMatching(says)]);
});

test('a start with a database that does not exist fails before it writes to another one', async () => {
  const port = await redis();
  const config = loadConfig({
    REDIS_URL: `redis://127.0.0.1:${port}/99`,
    RUNWATCH_SECRET: 'qb1mWQ0e6ys5aTz3jWcR7uKxv9N2dLhP',
    RUNWATCH_PORT: '0',
    AZURE_ACCESS_TOKEN: 'token',
  });
  const log = createLog('silent');
  await expect(startApp({ config, roles: allRoles, log })).rejects.toThrow(/no such database/);
  const first = connect({ url: `redis://127.0.0.1:${port}` });
  expect((await first.keys('*')).filter((key) => !key.endsWith('probe'))).toEqual([]);
  first.disconnect();
});

test('a server that accepts the connection but never answers times out', async () => {
  const silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const startMs = Date.now();
  expect(await whyNoRedis({ url: `redis://127.0.0.1:${port}` }, 500)).toMatch(/no answer within/);
  expect(Date.now() - startMs).toBeLessThan(2000);
  silent.close();
});
