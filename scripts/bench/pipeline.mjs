// Measures events → posted messages with a Slack that answers immediately. Baseline: a bare BullMQ queue with
// the same payload.
import { createRequire } from 'node:module';

import { alertmanager } from './alertmanager.mjs';
import { report } from './measure.mjs';
import { setUp, thousands } from './setup.mjs';

const require = createRequire(import.meta.url);
const { Queue, Worker } = require('bullmq');
const { recordsOf } = require('../../dist/demo/tenant/records.js');
const { subscriptions } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { normalize } = require('../../dist/domain/activity/read-record.js');
const { connect } = require('../../dist/store/redis/connect.js');

const executions = Number(process.env.BENCH_EXECUTIONS ?? 100_000);
/** Executions to process before each measurement, since a service runs warm. */
const warmUp = executions / 10;
/** Executions per caller, below the threshold of a burst. Many callers share a machine. */
const perCaller = 8;
const machines = 40;
const bench = await setUp(machines);
const { redis } = bench;

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

const bareDefault = await bare(1);
const bareConcurrent = await bare(50);
const one = await bench.measurePipeline(measured, 'enrich,deliver');
const two = await bench.measurePipeline(measured, 'enrich', 'deliver');
const alertmanagerRate = await alertmanager({ measured, ...bench });
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
for (const [name, rate, ofAlertmanager, ofBare] of [
  ['one process', one, 1, 0.6],
  ['two processes', two, 1.5, 0.9],
]) {
  report(`nothing to look up, ${name}`, rate, 'messages per second');
  if (alertmanagerRate)
    report(
      `nothing to look up, ${name} to Alertmanager`,
      rate / alertmanagerRate,
      '',
      `≥ ${ofAlertmanager.toFixed(1)}`,
    );
  report(`nothing to look up, ${name} to bare BullMQ`, rate / bareDefault, '', `≥ ${ofBare}`);
}
await bench.stop();
process.exit(0);
