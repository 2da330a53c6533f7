// Runs the app for ten minutes with two hours' worth of events, with presses and console pages that open and close.
// Every half a minute all of it pauses, two months of expiries pass in Redis, and what is left is measured. Fails if
// heap, handles or Redis still grow in the second half.
// `npm run leaks`, or `npm run leaks -- 2`: minutes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTypescript } from './growth/load-typescript.mjs';

const require = createRequire(import.meta.url);
const { createLog } = require('../dist/runtime/log.js');
const { createQueues } = require('../dist/pipeline/queues.js');
const { connect } = require('../dist/store/redis/connect.js');
const { startEmbeddedRedis } = require('../dist/store/redis/embedded-redis.js');
const { createStore } = require('../dist/store/store.js');
const { age, storedKinds } = loadTypescript(new URL('../test/support/stored-kinds.ts', import.meta.url));

const minutes = Number(process.argv[2] ?? 10);
/** 50 events per second for two hours, in ten minutes. */
const wanted = { count: 20, eventsPerSecond: 600, partitions: 4, callers: 200, operationsPerCommand: 67 };
const keepDays = 30;
const measureEveryMs = 30_000;
/** So much of the expiries passes twice with each measurement: in the grace of the alerts, and beyond. */
const agedMs = 31 * 86_400_000;
/** Locks and sessions are of the app's own time. Alerts that follow a caller or a machine stop with the first measurement. */
const notAgedMs = 7 * 3_600_000;
const openPages = 8;
/** Connections of closed pages end within 5 s. */
const quietMs = 7000;
/** Growth over the second half, by its slope: bytes, number, bytes. */
const limits = { heap: 6_000_000, handles: 10, redis: 1_000_000 };
/**
 * The audit log is kept as a whole. The others are bounded by a number of entries or by the app's own time, and the run
 * does not reach that.
 */
const filling = ['audit', 'feed', 'queue events', 'timeline', 'history', 'alertsOn', 'seen', 'seenRunning'];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const dir = mkdtempSync(join(tmpdir(), 'runwatch-leaks-'));
const embedded = await startEmbeddedRedis(dir);
const world = fork(here('./growth/world.mjs'), [JSON.stringify(wanted)]);
const [tenant] = await once(world, 'message');
writeFileSync(join(dir, 'ca.pem'), tenant.ca);
const bot = fork(here('./leaks/app.mjs'), {
  execArgv: ['--expose-gc'],
  env: {
    PATH: process.env.PATH,
    NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
    EVENT_HUB_CONNECTION_STRING: tenant.hub,
    RUNWATCH_DATA_DIR: dir,
    RUNWATCH_PORT: '0',
    RUNWATCH_POLL_SECONDS: '60',
    RUNWATCH_KEEP_DAYS: String(keepDays),
    RUNWATCH_RESPONDERS: '*',
    RUNWATCH_LOG_LEVEL: process.env.LEAKS_LOG ?? 'error',
    SLACK_BOT_TOKEN: 'xoxb-leaks',
    SLACK_CHANNEL: 'C1',
    SLACK_SIGNING_SECRET: 'leaks',
    SLACK_API_URL: `http://127.0.0.1:${tenant.slack}/api/`,
    RUNWATCH_SLACK_RATE: '100000',
  },
});
const [{ url }] = await once(bot, 'message');
const console_ = `${url}/console`;
const store = createStore(embedded.address, [], null, keepDays);
const redis = connect(embedded.address);
const all = createQueues(embedded.address, createLog('silent'));
const queues = all.all().map(({ name }) => name);

let isOver = false;
let isPaused = false;
const opened = new Set();
const counts = { pages: 0, presses: 0, failed: 0 };

/** Opens a page and its stream of changes, and closes both after some seconds. */
async function openPage() {
  while (!isOver) {
    if (isPaused) {
      await pause(100);
      continue;
    }
    const closed = new AbortController();
    opened.add(closed);
    const timer = setTimeout(() => closed.abort(), 500 + Math.random() * 4000);
    try {
      const { signal } = closed;
      await (await fetch(console_, { signal, headers: { accept: 'text/html' } })).text();
      const stream = await fetch(`${console_}/events`, { signal });
      counts.pages++;
      for await (const _ of stream.body) if (isOver) break;
    } catch (error) {
      if (error.name !== 'AbortError') {
        counts.failed++;
        await pause(200);
      }
    }
    clearTimeout(timer);
    opened.delete(closed);
  }
}

/** Presses a button on an alert's page, as soon as the page offers it. */
async function press(id, action, more = {}) {
  const page = `${console_}/alerts/${id}`;
  for (let tries = 0; tries < 30 && !isOver; tries++) {
    const text = await (await fetch(page, { headers: { accept: 'text/html' } })).text();
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(text) ?? [];
    const answer = await fetch(`${page}/${action}`, {
      method: 'POST',
      body: new URLSearchParams({ csrf, ...more }),
      headers: { origin: url, accept: 'text/html' },
      redirect: 'manual',
    });
    const answered = await answer.text();
    if (answer.status === 303) return void counts.presses++;
    if (process.env.LEAKS_LOG) console.error(action, answer.status, answered.slice(-300, -150));
    await pause(300);
  }
  counts.failed++;
}

/** Acknowledges and closes alerts, and isolates some machines in between. */
async function pressButtons() {
  const pressed = new Set();
  while (!isOver) {
    await pause(200);
    if (isPaused) continue;
    const next = (await store.alerts.list({ limit: 30 })).find(
      ({ id, state, ready }) => ready && state !== 'closed' && !pressed.has(id),
    );
    if (!next) continue;
    pressed.add(next.id);
    try {
      await press(next.id, 'acknowledge');
      if (pressed.size % 10 === 1) {
        await press(next.id, 'isolate');
        await press(next.id, 'release');
      }
      await press(next.id, 'close', { as: 'benign' });
    } catch {
      counts.failed++;
    }
  }
}

/** Until no job runs or waits, but for later. */
async function settled() {
  for (;;) {
    const depths = Object.values(await all.depths());
    if (depths.every(({ waiting, active }) => waiting + active === 0)) return;
    await pause(200);
  }
}

async function measure() {
  const answer = once(bot, 'message');
  bot.send('measure');
  const [{ heap, kinds }] = await answer;
  const stored = await storedKinds(redis, queues);
  const dataset = Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1]);
  const fills = stored.kinds.filter(({ kind }) => filling.includes(kind));
  const filled = fills.reduce((sum, { bytes }) => sum + bytes, 0);
  const handles = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  return { at: Date.now() - began, heap, handles, kinds, redis: dataset - filled, filled, stored };
}

/** Growth from the first to the last point, by least squares. */
function slopeOf(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const over = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  const slope = over / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return slope * (points.at(-1)[0] - points[0][0]);
}

const mb = (bytes) => (bytes / 1e6).toFixed(1);
const ask = async (order) => {
  world.send(order);
  return (await once(world, 'message'))[0];
};
await ask('begin');
const began = Date.now();
const users = [...Array.from({ length: openPages }, openPage), pressButtons()];
const rows = [];
let bounds = [];
while (Date.now() - began < minutes * 60_000) {
  await pause(measureEveryMs);
  await ask('end');
  isPaused = true;
  for (const page of opened) page.abort();
  await pause(quietMs);
  await settled();
  await age(redis, agedMs, notAgedMs);
  await store.alerts.sweepExpired(Date.now() + (keepDays + 1) * 86_400_000);
  await age(redis, agedMs, notAgedMs);
  const row = await measure();
  isPaused = false;
  await ask('begin');
  rows.push(row);
  bounds = row.stored.faults;
  console.log(
    `${String(Math.round(row.at / 1000)).padStart(5)} s: heap ${mb(row.heap)} MB, ${row.handles} handles (${Object.entries(
      row.kinds,
    )
      .map((one) => one.join(' '))
      .join(
        ', ',
      )}), Redis ${mb(row.redis)} MB and ${mb(row.filled)} MB of what fills up, ${row.stored.kinds.find(({ kind }) => kind === 'alert')?.keys ?? 0} alerts left, ${counts.pages} pages, ${counts.presses} presses, ${counts.failed} failed`,
  );
}
isOver = true;
const total = await ask('end');
await Promise.all(users);
bot.kill('SIGTERM');
await once(bot, 'exit');
world.kill();

const half = rows.slice(Math.floor(rows.length / 2));
console.log(`${total.events} events, ${total.executions} commands, ${total.posted} messages`);
console.log(
  `handles: ${JSON.stringify(half[0].kinds)} at half, ${JSON.stringify(half.at(-1).kinds)} at the end`,
);
const before = new Map(half[0].stored.kinds.map(({ kind, bytes }) => [kind, bytes]));
for (const { kind, keys, bytes } of half.at(-1).stored.kinds.slice(0, 20))
  console.log(`  ${kind}: ${mb(before.get(kind) ?? 0)} to ${mb(bytes)} MB, ${keys} keys`);
let failed = 0;
for (const [name, limit] of Object.entries(limits)) {
  const slope = slopeOf(half.map((row) => [row.at, row[name]]));
  const grows = slope > limit;
  if (grows) failed++;
  console.log(`${name}: ${Math.round(slope)} more, limit ${limit}${grows ? ': it leaks' : ''}`);
}
for (const fault of bounds) console.log(fault);
const isIdle = counts.presses === 0 || counts.pages === 0 || total.posted === 0 || half.length < 3;
if (isIdle) console.log('too little happened');
redis.disconnect();
await all.close();
await store.close();
await embedded.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(failed > 0 || bounds.length > 0 || isIdle ? 1 : 0);
