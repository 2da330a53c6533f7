// Measures the search over 100,000 alerts: how long each kind of query takes, and what an alert costs in Redis.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { measurePages } from './list-pages.mjs';
import { alertOf, queries } from './search-alerts.mjs';

const require = createRequire(import.meta.url);
const { connect } = require('../../dist/store/redis/connect.js');
const { createStore } = require('../../dist/store/store.js');
const { startEmbeddedRedis } = require('../../dist/store/redis/embedded-redis.js');

const count = Number(process.env.BENCH_ALERTS ?? 100_000);
const repeats = 60;
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
const server = await startEmbeddedRedis(dir);
const redis = connect(server.address);
const store = createStore(server.address, []);
const info = async (section, field) =>
  Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(await redis.info(section))?.[1]);
const used = () => info('memory', 'used_memory');
const redisSeconds = async () => (await info('cpu', 'used_cpu_user')) + (await info('cpu', 'used_cpu_sys'));

const empty = await used();
const cpu = await redisSeconds();
const began = Date.now();
const first = began - 400 * 86_400_000;
for (let i = 0; i < count; i += 500)
  await Promise.all(
    Array.from({ length: Math.min(500, count - i) }, (_, k) => {
      const alert = alertOf(i + k, first + ((i + k) * (began - first)) / count);
      return store.alerts.update(alert.id, () => ({ alert }), null);
    }),
  );
console.log(`search: ${count} alerts, stored in ${((Date.now() - began) / 1000).toFixed(0)} s`);
const stored = { cpu: await redisSeconds(), at: Date.now() };
while ((await redis.zcard('{runwatch}:unindexed')) > 0) await store.alerts.indexChanged(2000);
console.log(`  indexed in                       ${((Date.now() - stored.at) / 1000).toFixed(0)} s`);
const filled = (await used()) - empty;
const micros = (seconds) => Math.round((seconds / count) * 1e6);
console.log(
  `  Redis' processor time, an alert  ${micros(stored.cpu - cpu)} µs to store, ${micros((await redisSeconds()) - stored.cpu)} µs to index`,
);

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
console.log('  query                               matches  50th  95th  99th percentile, ms');
const all = [];
for (const [name, queryOf] of Object.entries(queries)) {
  const times = [];
  let matches = '';
  for (let i = 0; i < repeats; i++) {
    const query = queryOf(i, began);
    const start = performance.now();
    const { total } = await store.alerts.search(query, { limit: 50 });
    times.push(performance.now() - start);
    matches = String(total).replace('at least ', '≥ ');
  }
  all.push(...times);
  times.sort((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(times, share).toFixed(1).padStart(5));
  console.log(`  ${name.padEnd(34)} ${matches.padStart(8)} ${p50} ${p95} ${p99}`);
}
all.sort((a, b) => a - b);
console.log(
  `  all queries, 95th percentile             ${percentile(all, 0.95).toFixed(1)} ms (target: 100 ms)`,
);

await measurePages(store, began, percentile);

for await (const keys of scan('{runwatch}:search:*')) await redis.unlink(...keys);
const documents = [];
for await (const keys of scan('{runwatch}:alert:*')) documents.push(...keys);
for (const key of documents) await redis.hdel(key, 'terms', 'row');
const without = (await used()) - empty;
console.log(
  `  bytes of Redis, an alert         ${(without / count) | 0} without the search, ${(filled / count) | 0} with it`,
);
redis.disconnect();
await store.close();
await server.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);

async function* scan(pattern) {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(
      cursor,
      'MATCH',
      pattern.replace('{', '\\{').replace('}', '\\}'),
      'COUNT',
      1000,
    );
    cursor = next;
    if (keys.length > 0) yield keys;
  } while (cursor !== '0');
}
