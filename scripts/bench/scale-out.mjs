// Measures what more processes of each role add on one Redis, and how much of Redis an alert takes. Each alert has a caller and
// a machine that no other has.
import { availableParallelism } from 'node:os';

import { setUp } from './setup.mjs';
import { strangers } from './strangers.mjs';

const count = Number(process.env.BENCH_CALLERS ?? 6000);
const warmUp = 1000;
const bench = await setUp(count + warmUp);
const events = strangers(count + warmUp);

async function measured(carry) {
  await carry(events.slice(0, warmUp));
  const before = await bench.processorTime();
  const began = Date.now();
  await carry(events.slice(warmUp));
  const seconds = (Date.now() - began) / 1000;
  const after = await bench.processorTime();
  return {
    rate: count / seconds,
    bots: (after.bots - before.bots) / count,
    redis: (after.redis - before.redis) / count,
    busy: (after.redis - before.redis) / 10 / seconds,
  };
}

const times = (n, roles) => Array.from({ length: n }, () => roles);
const layouts = [
  ['one process', ['enrich,deliver']],
  ...[1, 2, 4].map((n) => [`${n} enrich, ${n} deliver`, [...times(n, 'enrich'), ...times(n, 'deliver')]]),
];
console.log(`scale-out: ${count} alerts that share nothing, on ${availableParallelism()} processors`);
for (const [name, roles] of layouts) {
  const { rate, bots, redis, busy } = await bench.measurePipeline(measured, ...roles);
  console.log(
    `  ${name.padEnd(22)} ${rate.toFixed(0).padStart(5)} alerts per second; processor time of an alert: bots ${bots.toFixed(2)} ms, ` +
      `Redis ${redis.toFixed(2)} ms (${busy.toFixed(0)} % busy; alone it would limit at ${(1000 / redis).toFixed(0)} per second)`,
  );
}
await bench.stop();
process.exit(0);
