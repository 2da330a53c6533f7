// Measures the time from a bot's start until it is ready, and its resident memory: idle, and with 10,000 alerts queued
// for a Slack limited to one message per second. Also measures detection time, from the event in the log or event hub to its
// message.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTypescript } from '../growth/load-typescript.mjs';
import { imageEnv } from './image-env.mjs';
import { report } from './measure.mjs';

const { startEventHub } = loadTypescript(new URL('../../test/support/event-hub.ts', import.meta.url));
const { exported } = loadTypescript(new URL('../../test/support/export-shape.ts', import.meta.url));
const require = createRequire(import.meta.url);
const { startTenant } = require('../../dist/demo/tenant/tenant.js');
const { recordsOf } = require('../../dist/demo/tenant/records.js');
const { populateTenant } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { createLog } = require('../../dist/runtime/log.js');
const { normalize } = require('../../dist/domain/activity/read-record.js');
const { batchesOf } = require('../../dist/pipeline/event-batches.js');
const { createQueues } = require('../../dist/pipeline/queues.js');
const { createStore } = require('../../dist/store/store.js');
const { connect } = require('../../dist/store/redis/connect.js');
const { startEmbeddedRedis } = require('../../dist/store/redis/embedded-redis.js');

const queued = 10_000;
const detections = Number(process.env.BENCH_DETECTIONS ?? 60);
const pollSeconds = 2;
/** For containers with little memory (docs/operations.md). */
const smallContainer = '--max-semi-space-size=8 --max-old-space-size=128';
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
const redis = await startEmbeddedRedis(dir);
const redisConnection = connect(redis.address);
const slack = fork(fileURLToPath(new URL('./instant-slack.mjs', import.meta.url)));
const [{ port }] = await once(slack, 'message');
const tenant = await startTenant();
const { people, vms } = populateTenant(tenant);
writeFileSync(join(dir, 'ca.pem'), tenant.ca);

const bot = (rate, more = {}) =>
  fork(cli, ['start'], {
    silent: true,
    env: {
      PATH: process.env.PATH,
      ...imageEnv,
      NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
      AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
      AZURE_ACCESS_TOKEN: tenant.token,
      RUNWATCH_DATA_DIR: dir,
      RUNWATCH_PORT: '3998',
      RUNWATCH_POLL_SECONDS: String(pollSeconds),
      RUNWATCH_LOG_LEVEL: 'warn',
      SLACK_BOT_TOKEN: 'xoxb-bench',
      SLACK_CHANNEL: 'C1',
      SLACK_SIGNING_SECRET: 'bench',
      SLACK_API_URL: `http://127.0.0.1:${port}/api/`,
      RUNWATCH_SLACK_RATE: String(rate),
      ...more,
    },
  });
const memory = ({ pid }, field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const isHealthy = () =>
  fetch('http://127.0.0.1:3998/healthz').then(
    (a) => a.ok,
    () => false,
  );
const queues = createQueues(redis.address, createLog('silent'));
const store = createStore(redis.address, ['slack']);
const operation = (i, resourceId) => ({
  name: runCommand,
  resourceId,
  caller: {
    ...people.kim,
    id: `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`,
    login: `user${i}@contoso.example`,
  },
  at: Date.now() - 60_000,
  tookMs: 1000,
});

const isReady = () =>
  fetch('http://127.0.0.1:3998/readyz').then(
    (a) => a.ok,
    () => false,
  );

const launched = Date.now();
const first = bot(1000);
while (!(await isReady())) await pause(20);
const startSeconds = (Date.now() - launched) / 1000;
await pause(20_000);
const idle = memory(first, 'VmRSS');
/** Seconds from each execution's appearance to its message, in ascending order. */
async function delaysOf(show) {
  const delays = [];
  for (let i = 0; i < detections; i++) {
    await pause(Math.random() * 1000);
    slack.send(1);
    const shown = Date.now();
    show(i, vms.web[i % vms.web.length]);
    await once(slack, 'message');
    delays.push((Date.now() - shown) / 1000);
  }
  return delays.sort((a, b) => a - b);
}
const byPolls = await delaysOf((i, machine) => tenant.log(operation(i, machine)));
first.kill('SIGTERM');
await once(first, 'exit');

const hub = await startEventHub();
const hubReader = bot(1000, { EVENT_HUB_CONNECTION_STRING: hub.connectionString });
while (!(await isHealthy()) || hub.readers().length < 2) await pause(100);
const logLater = { delayMs: 3_600_000 };
const byHub = await delaysOf((i, machine) =>
  hub.append(i % 2, exported(tenant.log(operation(500 + i, machine), logLater))),
);
hubReader.kill('SIGTERM');
await once(hubReader, 'exit');
await hub.stop();

const events = Array.from(
  { length: queued },
  (_, i) => normalize(recordsOf(operation(1000 + i, vms.web[i % vms.web.length]), 'tenant')[2]).event,
);
/** Peak memory while 10,000 alerts wait, MB. */
async function memoryOfBacklog(more) {
  await redisConnection.flushall();
  const held = bot(1, more);
  while (!(await isHealthy())) await pause(100);
  for (const batch of batchesOf(events)) await queues.events.add('events', { events: batch });
  let peak = 0;
  while ((await store.alerts.count()) < queued) {
    await pause(500);
    peak = Math.max(peak, memory(held, 'VmRSS'));
  }
  await pause(10_000);
  peak = Math.max(peak, memory(held, 'VmRSS'));
  held.kill('SIGKILL');
  await once(held, 'exit');
  return peak;
}
const loaded = await memoryOfBacklog({});
const small = await memoryOfBacklog({ NODE_OPTIONS: smallContainer });
const at = (delays, share) =>
  delays[Math.min(delays.length - 1, Math.ceil(share * delays.length) - 1)].toFixed(2);
console.log('one process with all roles, with what the image sets');
console.log(`  start to ready     ${startSeconds.toFixed(2)} s (target: 2 s)`);
console.log(`  memory while idle  ${idle.toFixed(0)} MB (target: under 120)`);
console.log(
  `  ${queued} alerts wait  max ${loaded.toFixed(0)} MB; with ${smallContainer} ${small.toFixed(0)} MB (target: under 250)`,
);
report('start to ready', startSeconds, 's', '≤ 2');
report('memory while idle', idle, 'MB', '< 120');
report('memory with 10,000 waiting alerts', loaded, 'MB', '< 250');
report(`memory with 10,000 waiting alerts and ${smallContainer}`, small, 'MB', '< 250');
console.log(`detection: ${detections} executions, polled every ${pollSeconds} s, or from an event hub`);
console.log(
  `  log to message     median ${at(byPolls, 0.5)} s, 99th percentile ${at(byPolls, 0.99)} s (target: interval + 2 s = ${pollSeconds + 2}; Elastic's rule runs every 5 minutes)`,
);
console.log(
  `  hub to message     median ${at(byHub, 0.5)} s, 99th percentile ${at(byHub, 0.99)} s (target: 2)`,
);
slack.kill();
redisConnection.disconnect();
await queues.close();
await store.close();
await redis.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
