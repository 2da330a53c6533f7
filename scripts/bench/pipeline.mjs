// Events → posted messages, with a Slack that answers at once, beside a bare BullMQ queue that carries the same payload.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { Queue, Worker } = require('bullmq');
const { startApp } = require('../../dist/app.js');
const { createAzure } = require('../../dist/azure/azure.js');
const { loadConfig } = require('../../dist/config.js');
const { recordsOf } = require('../../dist/demo/tenant/records.js');
const { subscriptions } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { createLog } = require('../../dist/log.js');
const { normalize } = require('../../dist/pipeline/normalize.js');
const { createQueues } = require('../../dist/pipeline/queues.js');
const { connect } = require('../../dist/store/connect.js');
const { startEmbeddedRedis } = require('../../dist/store/embedded-redis.js');

const executions = Number(process.env.BENCH_EXECUTIONS ?? 3000);
const perCaller = 5;
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
const redis = await startEmbeddedRedis(dir);
const slack = fork(fileURLToPath(new URL('./instant-slack.mjs', import.meta.url)));
const [{ port }] = await once(slack, 'message');
const azure = fork(fileURLToPath(new URL('./azure.mjs', import.meta.url)));
const [tenant] = await once(azure, 'message');

const events = Array.from({ length: executions }, (_, i) => {
  const caller = Math.floor(i / perCaller);
  const resourceId = `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-${i}`;
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
  return normalize(recordsOf(operation, 'tenant')[2], 'rest').event;
});

async function bare() {
  const queue = new Queue('bare', {
    connection: connect(redis.address),
    prefix: '{bare}',
    defaultJobOptions: { removeOnComplete: true },
  });
  let done = 0;
  let finish;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  const worker = new Worker(
    'bare',
    async () => {
      if (++done === executions) finish();
    },
    { connection: connect(redis.address), prefix: '{bare}', concurrency: 50 },
  );
  await worker.waitUntilReady();
  const began = Date.now();
  for (let i = 0; i < executions; i += 1000)
    await queue.addBulk(events.slice(i, i + 1000).map((data) => ({ name: 'x', data })));
  await finished;
  const rate = executions / ((Date.now() - began) / 1000);
  await worker.close();
  await queue.close();
  return rate;
}

async function ours() {
  const config = loadConfig({
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
    RUNWATCH_DATA_DIR: dir,
    RUNWATCH_PORT: '0',
    SLACK_BOT_TOKEN: 'xoxb-bench',
    SLACK_CHANNEL: 'C1',
    SLACK_SIGNING_SECRET: 'bench',
    SLACK_API_URL: `http://127.0.0.1:${port}/api/`,
    RUNWATCH_SLACK_RATE: '100000',
  });
  const log = createLog('warn');
  const app = await startApp({
    config,
    roles: ['enrich', 'deliver'],
    log,
    azure: () => createAzure(config, { tlsOptions: { ca: tenant.ca } }),
  });
  const queues = createQueues(redis.address, log);
  let posted = 0;
  const finished = new Promise((resolve) => {
    slack.on('message', (message) => {
      if (message === 'posted' && ++posted === executions) resolve();
    });
  });
  const began = Date.now();
  for (let i = 0; i < executions; i += 1000) {
    await queues.events.add('events', {
      subscriptionId: subscriptions.payments,
      events: events.slice(i, i + 1000),
    });
  }
  await finished;
  const rate = executions / ((Date.now() - began) / 1000);
  await queues.close();
  await app.stop();
  return rate;
}

const bareRate = await bare();
const ourRate = await ours();
console.log(`pipeline: ${executions} executions`);
console.log(`  events to posted messages  ${ourRate.toFixed(0)} a second`);
console.log(`  bare BullMQ, same payload  ${bareRate.toFixed(0)} jobs a second`);
console.log(`  ratio                      ${(ourRate / bareRate).toFixed(2)} (wanted: 0.25)`);
slack.kill();
azure.kill();
await redis.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
