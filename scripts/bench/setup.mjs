// What the pipeline's benches share: Redis, a tenant and a Slack in their own processes, and bots against them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { imageEnv } from './image-env.mjs';

const require = createRequire(import.meta.url);
const { createLog } = require('../../dist/runtime/log.js');
const { batchesOf } = require('../../dist/pipeline/event-batches.js');
const { createQueues } = require('../../dist/pipeline/queues.js');
const { connect } = require('../../dist/store/redis/connect.js');
const { startEmbeddedRedis } = require('../../dist/store/redis/embedded-redis.js');

const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));

export const thousands = (some) =>
  Array.from({ length: Math.ceil(some.length / 1000) }, (_, i) => some.slice(i * 1000, (i + 1) * 1000));

/** @param machines number of machines in the tenant, named vm-0, vm-1, … in rg */
export async function setUp(machines) {
  const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
  const redis = await startEmbeddedRedis(dir);
  const connection = connect(redis.address);
  const slack = fork(pathOf('./instant-slack.mjs'));
  const [{ port }] = await once(slack, 'message');
  const azure = fork(pathOf('./azure.mjs'), [String(machines)]);
  const [tenant] = await once(azure, 'message');
  writeFileSync(join(dir, 'ca.pem'), tenant.ca);
  const env = {
    PATH: process.env.PATH,
    ...imageEnv,
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

  let bots = [];

  return {
    dir,
    redis,
    slack,
    port,
    /** Processor time that the bots and Redis have used, ms. */
    processorTime: async () => {
      const info = await connection.info('cpu');
      const seconds = (name) => Number(new RegExp(`${name}:([0-9.]+)`).exec(info)?.[1]);
      return {
        bots: bots.reduce((sum, { pid }) => sum + processorTimeOf(pid), 0),
        redis: (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1000,
      };
    },
    /** Requests that the tenant has answered. */
    azureRequests: async () => {
      azure.send('count');
      return (await once(azure, 'message'))[0];
    },
    /**
     * Runs the whole pipeline with one process per entry of `roles`, on an empty Redis like the baselines.
     * @param measured calls its argument with events, and waits until each has a message
     */
    measurePipeline: async (measured, ...roles) => {
      await connection.flushall();
      bots = roles.map((some) => fork(pathOf('./bot.mjs'), [some], { env }));
      const queues = createQueues(redis.address, createLog('warn'));
      for (const queue of [queues.events, queues.deliver])
        while ((await queue.getWorkersCount()) === 0) await new Promise((done) => setTimeout(done, 20));
      const rate = await measured(async (some) => {
        slack.send(some.length);
        const finished = once(slack, 'message');
        await queues.events.addBulk(batchesOf(some).map((events) => ({ name: 'events', data: { events } })));
        await finished;
      });
      for (const bot of bots) bot.kill('SIGTERM');
      await Promise.all(bots.map((bot) => once(bot, 'exit')));
      await queues.close();
      return rate;
    },
    stop: async () => {
      slack.kill();
      azure.kill();
      await redis.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** User and system time of a process, ms. Linux counts them in 10 ms. */
function processorTimeOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
