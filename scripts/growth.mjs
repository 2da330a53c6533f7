// Measures lag, memory, Redis and requests for many subscriptions, read by polling or from an event hub
// (docs/scale.md).
// `npm run growth`, or `npm run growth -- hub 10000 1000 10`: source, subscriptions, events per second,
// minutes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { imageEnv } from './bench/image-env.mjs';

const require = createRequire(import.meta.url);
const { Redis } = require('ioredis');
const { createStore } = require('../dist/store/store.js');
const { startEmbeddedRedis } = require('../dist/store/redis/embedded-redis.js');

const [source = 'hub', count = '10000', eventsPerSecond = '1000', minutes = '10'] = process.argv.slice(2);
const pollSeconds = source === 'hub' ? 3600 : 60;
/** One in this many operations runs a command: 5 per second at 1,000 events per second. */
const operationsPerCommand = 67;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(0)} MB`;

const dir = mkdtempSync(join(tmpdir(), 'runwatch-growth-'));
const redis = await startEmbeddedRedis(dir);
const wanted = {
  count: Number(count),
  eventsPerSecond: Number(eventsPerSecond),
  partitions: 4,
  callers: 2000,
  operationsPerCommand,
};
const world = fork(here('./growth/world.mjs'), [JSON.stringify(wanted)], {
  execArgv: ['--max-old-space-size=8192'],
});
const [tenant] = await once(world, 'message');
const ask = async (order) => {
  world.send(order);
  return (await once(world, 'message'))[0];
};
writeFileSync(join(dir, 'ca.pem'), tenant.ca);
const store = createStore(redis.address, []);
const inspect = new Redis(redis.address.socket);
const memoryOfRedis = async () => Number(/used_memory:(\d+)/.exec(await inspect.info('memory'))?.[1]);

// Marks history as filled, since reading it would take hours.
for (let i = 0; i < wanted.count; i++) {
  const id = `${String(i).padStart(8, '0')}-0000-4000-8000-0000000000aa`;
  await store.history.setFilledFrom(id, Date.now() - 90 * 86_400_000);
}
const bot = fork(here('../dist/cli.js'), ['start'], {
  env: {
    PATH: process.env.PATH,
    ...imageEnv,
    ...(process.env.GROWTH_NODE ? { NODE_OPTIONS: process.env.GROWTH_NODE } : {}),
    NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
    ...(source === 'hub' ? { EVENT_HUB_CONNECTION_STRING: tenant.hub } : {}),
    RUNWATCH_DATA_DIR: dir,
    RUNWATCH_PORT: '3997',
    RUNWATCH_POLL_SECONDS: String(pollSeconds),
    RUNWATCH_LOG_LEVEL: 'error',
    SLACK_BOT_TOKEN: 'xoxb-growth',
    SLACK_CHANNEL: 'C1',
    SLACK_SIGNING_SECRET: 'growth',
    SLACK_API_URL: `http://127.0.0.1:${tenant.slack}/api/`,
    RUNWATCH_SLACK_RATE: '100000',
  },
});
const status = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${bot.pid}/status`, 'utf8'))?.[1]) * 1024;
/** CPU seconds that the bot has used; /proc counts in hundredths. */
const processor = () => {
  const fields = readFileSync(`/proc/${bot.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

const heap = async () => {
  const text = await (await fetch('http://127.0.0.1:3997/metrics')).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]);
};

/** Number and size of Redis keys, by the first part of their name. */
async function byFamily() {
  const families = {};
  const stream = inspect.scanStream({ match: '{runwatch}:*', count: 1000 });
  for await (const found of stream) {
    const sizes = await Promise.all(found.map((key) => inspect.memory('USAGE', key, 'SAMPLES', 0)));
    found.forEach((key, i) => {
      const family = key.split(':')[1];
      families[family] ??= { keys: 0, bytes: 0 };
      families[family].keys++;
      families[family].bytes += sizes[i] ?? 0;
    });
  }
  return families;
}

const began = Date.now();
while ((await store.polls.subscriptions()).length < wanted.count) await pause(500);
const discovered = (Date.now() - began) / 1000;
const firstRound = Date.now();
while ((await store.polls.subscriptions()).some(({ lastPollAt }) => !lastPollAt)) await pause(1000);
const polled = (Date.now() - firstRound) / 1000;
console.log(
  `growth: ${count} subscriptions by ${source}, ${eventsPerSecond} events per second for ${minutes} minutes`,
);
console.log(
  `  subscriptions found after ${discovered.toFixed(0)} s, all polled once ${polled.toFixed(0)} s later`,
);

const redisBefore = await memoryOfRedis();
const processorBefore = processor();
const start = Date.now();
let last = await ask('begin');
const callsBefore = last.calls;
while (Date.now() - start < Number(minutes) * 60_000) {
  await pause(30_000);
  last = await ask('look');
  const line = `${Math.round((Date.now() - start) / 1000)} s: ${last.events} events, ${last.posted} of ${last.executions} posted, ${last.calls - callsBefore} requests, bot ${megabytes(status('VmRSS'))} (heap ${megabytes(await heap())}), Redis ${megabytes(await memoryOfRedis())}`;
  if (process.stderr.isTTY || process.env.GROWTH_VERBOSE) console.error(`  ${line}`);
}
const seconds = (Date.now() - start) / 1000;
const used = processor() - processorBefore;
const atEnd = await ask('look');
const ended = await ask('end');
const drained = Date.now();
let final = ended;
while (final.posted < final.executions && Date.now() - drained < 180_000) {
  await pause(500);
  final = await ask('end');
}
const delays = final.delays.sort((a, b) => a - b);
const at = (share) => ((delays[Math.ceil(share * delays.length) - 1] ?? Number.NaN) / 1000).toFixed(1);
const redisAfter = await memoryOfRedis();
console.log(`  events ${final.events}, executions ${final.executions}, messages ${final.posted}`);
console.log(`  event to message: median ${at(0.5)} s, 99th percentile ${at(0.99)} s`);
console.log(
  `  backlog at the end: ${atEnd.executions - atEnd.posted} messages, cleared in ${((Date.now() - drained) / 1000).toFixed(0)} s`,
);
console.log(
  `  bot ${megabytes(status('VmRSS'))}, ${megabytes(status('VmHWM'))} peak; ${(used / seconds).toFixed(2)} CPUs`,
);
console.log(
  `  Redis ${megabytes(redisBefore)} before, ${megabytes(redisAfter)} after; ${((redisAfter - redisBefore) / final.events).toFixed(0)} bytes per event`,
);
console.log(`  requests to Azure ${(((final.calls - callsBefore) / seconds) * 60).toFixed(0)} per minute`);
for (const [family, { keys, bytes }] of Object.entries(await byFamily()))
  if (bytes > 100_000)
    console.log(`  Redis ${family}: ${keys} keys, ${(bytes / keys).toFixed(0)} bytes each`);
bot.kill('SIGKILL');
world.kill();
inspect.disconnect();
await store.close();
await redis.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
