// Measures events → posted messages with a Slack that answers immediately. Baseline: a bare BullMQ queue with
// the same payload.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { alertmanager } from './alertmanager.mjs';

const require = createRequire(import.meta.url);
const { Queue, Worker } = require('bullmq');
const { recordsOf } = require('../../dist/demo/tenant/records.js');
const { subscriptions } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { createLog } = require('../../dist/runtime/log.js');
const { normalize } = require('../../dist/domain/activity/read-record.js');
const { createQueues } = require('../../dist/pipeline/queues.js');
const { connect } = require('../../dist/store/redis/connect.js');
const { startEmbeddedRedis } = require('../../dist/store/redis/embedded-redis.js');

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const executions = Number(process.env.BENCH_EXECUTIONS ?? 100_000);
/** Executions to process before each measurement, since a service runs warm. */
const warmUp = executions / 10;
/** Executions per caller, below the threshold of a burst. Many callers share a machine. */
const perCaller = 8;
const machines = 40;
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
const redis = await startEmbeddedRedis(dir);
const connection = connect(redis.address);
const slack = fork(fileURLToPath(new URL('./instant-slack.mjs', import.meta.url)));
const [{ port }] = await once(slack, 'message');
const azure = fork(fileURLToPath(new URL('./azure.mjs', import.meta.url)));
const [tenant] = await once(azure, 'message');

const events = Array.from({ length: warmUp + executions }, (_, i) => {
  const caller = Math.floor(i / perCaller);
  const resourceId = `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-${i % machines}`;
  const id = `${String(caller).padStart(8, '0')}-0000-4000-8000-000000000000`;
  const person = { id, kind: 'User', name: `User ${caller}`, login: `user${caller}@contoso.example` };
  const operation = {
    name: runCommand,
    resourceId,
    caller: person,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 1000,
  };
  return normalize(recordsOf(operation, 'tenant')[2]).event;
});

const thousands = (some) =>
  Array.from({ length: Math.ceil(some.length / 1000) }, (_, i) => some.slice(i * 1000, (i + 1) * 1000));

/** Executions per second of a warm service. */
async function measured(carry) {
  await carry(events.slice(0, warmUp));
  const began = Date.now();
  await carry(events.slice(warmUp));
  return executions / ((Date.now() - began) / 1000);
}

/** Sends the same payloads through a queue with a no-op worker. */
async function bare(concurrency) {
  const queue = new Queue('bare', {
    connection: connect(redis.address),
    prefix: '{bare}',
    defaultJobOptions: { removeOnComplete: true },
  });
  let left = 0;
  let finish;
  const work = async () => {
    if (--left === 0) finish();
  };
  const worker = new Worker('bare', work, {
    connection: connect(redis.address),
    prefix: '{bare}',
    concurrency,
  });
  await worker.waitUntilReady();
  const rate = await measured(async (some) => {
    left = some.length;
    const finished = new Promise((resolve) => {
      finish = resolve;
    });
    for (const thousand of thousands(some))
      await queue.addBulk(thousand.map((data) => ({ name: 'x', data })));
    await finished;
  });
  await worker.close();
  await queue.close();
  return rate;
}

writeFileSync(join(dir, 'ca.pem'), tenant.ca);
const env = {
  PATH: process.env.PATH,
  NODE_OPTIONS: process.env.NODE_OPTIONS ?? '',
  NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
  AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
  AZURE_ACCESS_TOKEN: tenant.token,
  RUNWATCH_DATA_DIR: dir,
  RUNWATCH_LOG_LEVEL: 'warn',
  SLACK_BOT_TOKEN: 'xoxb-bench',
  SLACK_CHANNEL: 'C1',
  SLACK_SIGNING_SECRET: 'bench',
  SLACK_API_URL: `http://127.0.0.1:${port}/api/`,
  RUNWATCH_SLACK_RATE: '100000',
};

/** Runs the whole pipeline with one process per entry of `roles`, on an empty Redis like the baselines. */
async function measurePipeline(...roles) {
  await connection.flushall();
  const bots = roles.map((some) => fork(cli, ['start', '--roles', some], { env }));
  const queues = createQueues(redis.address, createLog('warn'));
  for (const queue of [queues.events, queues.deliver])
    while ((await queue.getWorkersCount()) === 0) await new Promise((done) => setTimeout(done, 20));
  const rate = await measured(async (some) => {
    slack.send(some.length);
    const finished = once(slack, 'message');
    for (const thousand of thousands(some)) await queues.events.add('events', { events: thousand });
    await finished;
  });
  for (const bot of bots) bot.kill('SIGTERM');
  await Promise.all(bots.map((bot) => once(bot, 'exit')));
  await queues.close();
  return rate;
}

const bareDefault = await bare(1);
const bareConcurrent = await bare(50);
const one = await measurePipeline('enrich,deliver');
const two = await measurePipeline('enrich', 'deliver');
const alertmanagerRate = await alertmanager({ measured, slack, port, dir });
const ratios = (rate) =>
  `${rate.toFixed(0)} messages per second, ${(rate / bareDefault).toFixed(2)} and ${(rate / bareConcurrent).toFixed(2)} of bare`;
console.log(`pipeline: ${executions} executions, each with one Slack message (target: 0.5 of bare BullMQ)`);
console.log(`  bare BullMQ, default concurrency     ${bareDefault.toFixed(0)} jobs per second`);
console.log(`  bare BullMQ, concurrency 50          ${bareConcurrent.toFixed(0)} jobs per second`);
console.log(`  one process                          ${ratios(one)}`);
console.log(`  --roles enrich, --roles deliver      ${ratios(two)}`);
console.log(
  alertmanagerRate
    ? `  Alertmanager, the same Slack          ${alertmanagerRate.toFixed(0)} notifications per second; Runwatch: ${(one / alertmanagerRate).toFixed(2)} and ${(two / alertmanagerRate).toFixed(2)} of it`
    : '  Alertmanager is not installed (Debian: prometheus-alertmanager)',
);
slack.kill();
azure.kill();
await redis.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
