// Records what this version leaves in Redis when it stops, so that the next version's test can start from it
// (test/end-to-end/upgrade.test.ts). It records either queued work (an alert not posted yet, an action on it,
// unprocessed events) or active measures.
// `npm run build && node scripts/record-queue.mjs test/fixtures/queued/VERSION.json [CHECKOUT] [queue|measures]`
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [file, checkout = '.', what = 'queue'] = process.argv.slice(2);
const require = createRequire(join(resolve(checkout), 'package.json'));
const { Redis } = require('ioredis');
const { startApp } = require('./dist/app.js');
const { createAzure } = require('./dist/azure/azure.js');
const { loadConfig } = require('./dist/load-config.js');
const { startTenant } = require('./dist/demo/tenant/tenant.js');
// Older versions export populateTenant as furnish.
const { furnish, populateTenant = furnish } = require('./dist/demo/world.js');
const { runCommand } = require('./dist/demo/scenarios.js');
const { createLog } = require('./dist/runtime/log.js');
const { createQueues } = require('./dist/pipeline/queues.js');
const { createKeyring } = require('./dist/runtime/keyring.js');
const folder = existsSync(join(checkout, 'dist/actions')) ? 'actions' : 'responses';
const { createPress } = require(`./dist/${folder}/press.js`);
const { createStore } = require('./dist/store/store.js');
const { readSecretFile } = require('./dist/store/redis/secret-file.js');
const { startEmbeddedRedis } = require('./dist/store/redis/embedded-redis.js');

const dir = mkdtempSync(join(tmpdir(), 'runwatch-record-'));
const redis = await startEmbeddedRedis(dir);
const tenant = await startTenant();
const { people, vms } = populateTenant(tenant);
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
const press = createPress({
  queues,
  now: Date.now,
  keyring: createKeyring({ current: readSecretFile(dir), previous: null }),
  getAlert: store.alerts.get,
  secretMatches: async () => true,
});
const by = { surface: 'cli', id: 'sam', name: 'Sam Ortiz' };

/** Leaves work in the queues. */
async function leaveWork() {
  run(vms.pay01, people.dana);
  const first = await start(['poll', 'enrich']);
  await until(
    async () => (await store.alerts.list())[0]?.ready && (await queues.deliver.getWaitingCount()) > 0,
  );
  const [alert] = await store.alerts.list();
  await first.stop();
  const slack = { surface: 'slack', id: 'U0SAM0000', name: 'Sam Ortiz' };
  await press({ alertId: alert.id, nonce: 'of the old version', action: 'acknowledge', by: slack });
  run(vms.pay02, people.kim);
  const second = await start(['poll']);
  await until(async () => (await queues.events.getWaitingCount()) > 0);
  await second.stop();
}

/** Leaves active measures on two machines, and a note. */
async function leaveMeasures() {
  run(vms.pay01, people.dana);
  run(vms.pay02, people.kim);
  const app = await start(['poll', 'enrich', 'respond']);
  await until(async () => (await store.alerts.list()).filter((alert) => alert.ready).length === 2);
  const alerts = await store.alerts.list();
  const on = (machine) => alerts.find((alert) => alert.executions[0].target.name === machine).id;
  const presses = [
    ['vm-pay-01', 'isolate'],
    ['vm-pay-01', 'add_note', { text: 'seen by the old version' }],
    ['vm-pay-01', 'revoke_role'],
    ['vm-pay-01', 'lock'],
    ['vm-pay-02', 'deallocate'],
  ];
  for (const [machine, action, input] of presses) {
    const before = (await store.audit.read()).length;
    await press({ alertId: on(machine), nonce: action, action, by, ...(input ? { input } : {}) });
    await until(async () =>
      (await store.audit.read()).slice(before).some((e) => e.action === action && e.result === 'done'),
    );
  }
  await app.stop();
}

await (what === 'measures' ? leaveMeasures() : leaveWork());
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
  const isQueue =
    /:(backfill|complete|copyAudit|deliver|digest|discover|events|health|poll|respond|reviewAccess|sweep|watch[A-Z]\w+):/;
  if (what === 'measures' && isQueue.test(key)) continue;
  if (readers[type]) kept[key] = { type, value: await readers[type](key) };
}
writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
console.log(`${Object.keys(kept).length} keys in ${file}`);
connection.disconnect();
await tenant.stop();
await redis.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
