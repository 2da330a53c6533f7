import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
/** A token that expires in 2125. */
const token = 'eyJhbGciOiJub25lIn0.eyJleHAiOjQ5MDAwMDAwMDB9.';
const id = '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01';

/** Runs `doctor` behind a proxy that refuses all connections; returns the hosts it was asked for, with counts. */
async function askedFor(env: Record<string, string>): Promise<Record<string, number>> {
  const hosts: Record<string, number> = {};
  const proxy = createServer().on('connect', ({ url = '' }, socket) => {
    hosts[url] = (hosts[url] ?? 0) + 1;
    if (socket instanceof Socket) socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const dataDir = mkdtempSync(join(tmpdir(), 'runwatch-proxy-'));
  const { port } = proxy.address() as AddressInfo;
  const doctor = spawn(process.execPath, ['dist/cli.js', 'doctor'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NODE_USE_ENV_PROXY: '1',
      RUNWATCH_DATA_DIR: dataDir,
      AZURE_SUBSCRIPTION_IDS: id,
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_APP_TOKEN: 'xapp-1',
      SLACK_CHANNEL: 'C0123456789',
      ...env,
    },
    stdio: 'ignore',
  });
  await new Promise((done) => doctor.on('close', done));
  proxy.close();
  rmSync(dataDir, { recursive: true, force: true });
  return hosts;
}

test('with HTTPS_PROXY and NODE_USE_ENV_PROXY, Azure, the sign-in and Slack are reached through the proxy', async () => {
  const [withToken, withSecret] = await Promise.all([
    askedFor({ AZURE_ACCESS_TOKEN: token }),
    askedFor({
      AZURE_TENANT_ID: id,
      AZURE_CLIENT_ID: id,
      AZURE_CLIENT_SECRET: 'x',
      NO_PROXY: '169.254.169.254',
    }),
  ]);
  // Once by the check of the address, and by the Azure SDK.
  expect(withToken['management.azure.com:443']).toBeGreaterThan(1);
  expect(withToken['slack.com:443']).toBeGreaterThan(0);
  expect(withSecret['login.microsoftonline.com:443']).toBeGreaterThan(0);
}, 120_000);
