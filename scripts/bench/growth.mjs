// Stores what five years at 100 alerts a day leave behind, and prints the bytes of each kind of key after each year
// (docs/scale.md). GROWTH_YEARS and GROWTH_ALERTS change the size.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTypescript } from '../growth/load-typescript.mjs';

const require = createRequire(import.meta.url);
const { createKeyring } = require('../../dist/runtime/keyring.js');
const { connect } = require('../../dist/store/redis/connect.js');
const { startEmbeddedRedis } = require('../../dist/store/redis/embedded-redis.js');
const { keyLimits } = require('../../dist/store/key-limits.js');
const { createStore } = require('../../dist/store/store.js');
const support = new URL('../../test/support/', import.meta.url);
const { storedKinds } = loadTypescript(new URL('stored-kinds.ts', support));
const { simulateYears } = loadTypescript(new URL('years.ts', support));

const years = Number(process.env.GROWTH_YEARS ?? 5);
const alertsPerDay = Number(process.env.GROWTH_ALERTS ?? 100);
const stepsPerYear = 24;

const dir = mkdtempSync(join(tmpdir(), 'runwatch-growth-'));
const embedded = await startEmbeddedRedis(dir);
const signer = createKeyring({
  current: 'a secret of this bench, long enough',
  previous: null,
}).auditSigner();
const store = createStore(embedded.address, ['slack'], signer);
const redis = connect(embedded.address);
const usedMemory = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(2);

/** @type {Map<string, number>[]} */
const byYear = [];
const totals = [];
const keys = new Map();
let faults = [];
await simulateYears({
  ...{ store, redis, days: years * 365, alertsPerDay, stepDays: 365 / stepsPerYear },
  onStep: async (day) => {
    if (Math.round((day / 365) * stepsPerYear) % stepsPerYear !== 0) return;
    const found = await storedKinds(redis);
    byYear.push(new Map(found.kinds.map(({ kind, bytes }) => [kind, bytes])));
    for (const { kind, keys: count } of found.kinds) keys.set(kind, count);
    totals.push(await usedMemory());
    faults = found.faults;
    if (process.stderr.isTTY || process.env.GROWTH_VERBOSE)
      console.error(`  year ${Math.round(day / 365)}: ${megabytes(totals.at(-1))} MB`);
  },
});

console.log(`growth: ${years} years at ${alertsPerDay} alerts a day, in MB after each year`);
const row = (name, values, count = '', ends = '') =>
  console.log(
    `  ${name.padEnd(18)}${values.map((v) => v.padStart(9)).join('')}${String(count).padStart(9)}  ${ends}`,
  );
const last = byYear.at(-1);
row(
  'kind',
  byYear.map((_, i) => `year ${i + 1}`),
  'keys',
  'ends',
);
for (const kind of [...last.keys()].sort((a, b) => last.get(b) - last.get(a)))
  row(
    kind,
    byYear.map((of) => megabytes(of.get(kind) ?? 0)),
    keys.get(kind),
    `${keyLimits[kind].expires ? 'expires: ' : ''}${keyLimits[kind].ends}`,
  );
row('all of Redis', totals.map(megabytes));
for (const fault of faults) console.log(`  ${fault}`);
redis.disconnect();
await store.close();
await embedded.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(faults.length > 0 ? 1 : 0);
