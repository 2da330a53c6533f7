// Writes down what this version leaves in Redis when it stops with work in its queues: an alert that was not posted yet, a press on
// it, and events that nobody looked into. The next version's test goes on from there (test/end-to-end/upgrade.test.ts).
// `npm run build && node scripts/record-queue.mjs test/fixtures/queued/VERSION.json`; a second argument names another checkout.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [file, checkout = '.'] = process.argv.slice(2);
const require = createRequire(join(resolve(checkout), 'package.json'));
const { Redis } = require('ioredis');
const { startApp } = require('./dist/app.js');
const { createAzure } = require('./dist/azure/azure.js');
const { loadConfig } = require('./dist/config.js');
const { startTenant } = require('./dist/demo/tenant/tenant.js');
const { furnish } = require('./dist/demo/world.js');
const { runCommand } = require('./dist/demo/scenarios.js');
const { createLog } = require('./dist/log.js');
const { createQueues } = require('./dist/pipeline/queues.js');
const { createKeyring } = require('./dist/keyring.js');
const { createPress } = require('./dist/responses/press.js');
const { createStore } = require('./dist/store/store.js');
const { readSecretFile } = require('./dist/store/secret-file.js');
const { startEmbeddedRedis } = require('./dist/store/embedded-redis.js');

const dir = mkdtempSync(join(tmpdir(), 'runwatch-record-'));
const redis = await startEmbeddedRedis(dir);
const tenant = await startTenant();
const { people, vms } = furnish(tenant);
const log = createLog('silent');
const config = loadConfig({
  AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
  AZURE_ACCESS_TOKEN: tenant.token,
  RUNWATCH_DATA_DIR: dir,
  RUNWATCH_POLL_SECONDS: '1',
  RUNWATCH_RESPONDERS: '*',
  SLACK_BOT_TOKEN: 'xoxb-nobody',
  SLACK_CHANNEL: 'C0SOC0000',
  SLACK_SIGNING_SECRET: 'nobody',
  SLACK_API_URL: 'http://127.0.0.1:9/api/',
});
const start = (roles) =>
  startApp({
    config,
    roles,
    log,
    azure: () => createAzure(config, { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint }),
  });
const until = async (look) => {
  while (!(await look())) await new Promise((done) => setTimeout(done, 50));
};
const run = (resourceId, caller) =>
  tenant.log({
    name: runCommand,
    resourceId,
    caller,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 1000,
  });

const queues = createQueues(redis.address, log);
const store = createStore(redis.address, ['slack']);
run(vms.pay01, people.dana);
const first = await start(['poll', 'enrich']);
await until(
  async () => (await store.alerts.list())[0]?.ready && (await queues.deliver.getWaitingCount()) > 0,
);
const [alert] = await store.alerts.list();
await first.stop();
await createPress({
  queues,
  now: Date.now,
  keyring: createKeyring({ current: readSecretFile(dir), previous: null }),
  getAlert: store.alerts.get,
  secretFits: async () => true,
})({
  alertId: alert.id,
  nonce: 'of the old version',
  action: 'acknowledge',
  by: { surface: 'slack', id: 'U0SAM0000', name: 'Sam Ortiz' },
});
run(vms.pay02, people.kim);
const second = await start(['poll']);
await until(async () => (await queues.events.getWaitingCount()) > 0);
await second.stop();
await queues.close();
await store.close();

const connection = new Redis(redis.address.socket);
const readers = {
  string: (key) => connection.get(key),
  hash: (key) => connection.hgetall(key),
  list: (key) => connection.lrange(key, 0, -1),
  zset: (key) => connection.zrange(key, 0, -1, 'WITHSCORES'),
};
const kept = {};
for (const key of (await connection.keys('*')).sort()) {
  const type = await connection.type(key);
  if (readers[type]) kept[key] = { type, value: await readers[type](key) };
}
writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
console.log(`${Object.keys(kept).length} keys in ${file}`);
connection.disconnect();
await tenant.stop();
await redis.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
