import { gzipSync } from 'node:zlib';
import { createAzure } from '../../src/azure/azure';
import { runCommand } from '../../src/demo/scenarios';
import type { Fault } from '../../src/demo/tenant/faults';
import { subscriptions } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';
import { poll } from '../../src/pipeline/poll';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { createStore } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';

const minute = 60_000;
const subscription = subscriptions.payments;
/** Unpacks to 300 MB of spaces. */
const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 32));

let bench: Bench;
let store: ReturnType<typeof createStore>;
let queues: ReturnType<typeof createQueues>;
let now = Date.now();

beforeEach(async () => {
  bench = await setUp({ mode: 'none' });
  store = createStore(bench.redis.address, []);
  queues = createQueues(bench.redis.address, createLog('silent'));
  now = Date.now();
  bench.tenant.state.now = () => now;
});
afterEach(async () => {
  await queues.close();
  await store.close();
  await bench.stop();
});

/** @param hostNow the bot's own clock, which may be wrong */
const createPoll = (hostNow = () => now, limits = { deadlineMs: 700, maxBodyBytes: 4 * 1024 * 1024 }) => {
  const azure = createAzure(loadConfig(bench.env), {
    tlsOptions: { ca: bench.tenant.ca },
    now: hostNow,
    limits,
  });
  return {
    azure,
    run: () =>
      poll(subscription, {
        readLog: azure.readLog,
        polls: store.polls,
        timeline: store.timeline,
        queues,
        metrics: createMetrics(),
        lookbackMs: 25 * minute,
        detections: {},
        now: hostNow,
        azureNow: azure.clock.now,
      }),
  };
};
const run = () => createPoll().run();
const queued = async () =>
  (await queues.events.getJobs(['waiting', 'prioritized'])).flatMap((job) => job.data.events);
const asked = () => bench.tenant.requests.filter((request) => request.path.includes('eventtypes'));
const operate = (at: number, name = runCommand) =>
  bench.tenant.log({
    name,
    resourceId: bench.world.vms.pay01,
    caller: bench.world.people.dana,
    at,
    tookMs: 1000,
  });
const fault = (fields: Partial<Fault>) =>
  bench.tenant.faults.add({ when: /eventtypes/, status: 200, times: 1, ...fields });

test.each<[string, Partial<Fault>, RegExp]>([
  ['a response that never comes', { play: () => {} }, /no complete response within 0.7 s/],
  [
    'headers without a body',
    {
      play: (response) => void response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
    },
    /no complete response/,
  ],
  [
    'a body that comes a byte at a time',
    {
      play: (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(drip));
      },
    },
    /no complete response/,
  ],
  [
    'a gzip bomb',
    {
      play: (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(bomb),
    },
    /longer than 4 MB/,
  ],
  [
    'a body without an end',
    {
      play: (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const chunk = Buffer.alloc(256 * 1024, 32);
        const more = () => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on('drain', more);
        more();
      },
    },
    /longer than 4 MB|no complete response/,
  ],
  [
    'HTML',
    { body: '<html>Sign in to the network</html>', headers: { 'content-type': 'text/html' } },
    /text\/html, which is not a log/,
  ],
  ['text', { body: 'ok', headers: { 'content-type': 'text/plain' } }, /text\/plain/],
  ['nothing', { body: '' }, /truncated or invalid JSON/],
  ['null', { body: 'null' }, /without a list of events/],
  ['a value that is not a list', { body: '{"value":{}}' }, /without a list of events/],
  ['no value', { body: '{}' }, /without a list of events/],
  ['an error without a reason', { status: 431, body: '' }, /no reason given \(HTTP 431/],
  [
    'a redirect to another host',
    { status: 307, body: '', headers: { location: 'https://evil.example/' } },
    /refused to send|HTTP 307/,
  ],
])(
  '%s does not move the watermark and ends by itself; the next poll reads what ran meanwhile',
  async (_, fields, said) => {
    operate(now - minute);
    fault(fields);
    const before = process.memoryUsage().rss;
    await expect(run()).rejects.toThrow(said);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    expect(await store.polls.watermark(subscription)).toBeNull();
    await run();
    expect(await queued()).toHaveLength(3);
    expect(await store.polls.watermark(subscription)).toBe(new Date(now).toISOString());
  },
  30_000,
);

test('a circle of next links ends', async () => {
  const path = `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values`;
  const next = (name: string) => `${bench.tenant.endpoint}${path}?api-version=2015-04-01&page=${name}`;
  fault({ body: JSON.stringify({ value: [], nextLink: next('a') }) });
  fault({ body: JSON.stringify({ value: [], nextLink: next('a') }), times: 50 });
  await expect(run()).rejects.toThrow(/already read/);
  expect(asked().length).toBeLessThan(10);
});

test('a next link is followed as Azure wrote it: no parameter is sent twice', async () => {
  bench.tenant.state.pageSize = 10;
  for (let i = 0; i < 60; i++) operate(now - minute - i);
  await run();
  for (const { query } of asked()) {
    const names = [...new URLSearchParams(query).keys()];
    expect(new Set(names).size).toBe(names.length);
  }
  expect(await queued()).toHaveLength(180);
});

test('each page is queued before the next is requested, and kept if a later one fails', async () => {
  bench.tenant.state.pageSize = 10;
  for (let i = 0; i < 400; i++) operate(now - minute - i);
  const seen: number[] = [];
  const { azure } = createPoll();
  let pages = 0;
  await expect(
    poll(subscription, {
      readLog: async function* (window, provider) {
        for await (const page of azure.readLog(window, provider)) {
          seen.push((await queued()).length);
          if (++pages === 80) throw new Error('page 80');
          yield page;
        }
      },
      polls: store.polls,
      timeline: store.timeline,
      queues,
      metrics: createMetrics(),
      lookbackMs: 25 * minute,
      detections: {},
      now: () => now,
    }),
  ).rejects.toThrow('page 80');
  expect(seen[1]).toBe(10);
  expect(seen[79]).toBeGreaterThanOrEqual(770);
  expect(await store.polls.watermark(subscription)).toBeNull();
  await run();
  expect(await queued()).toHaveLength(1200);
});

test('the first event of a hundred slow pages is queued within 1.5 s', async () => {
  bench.tenant.state.pageSize = 10;
  for (let i = 0; i < 400; i++) operate(now - minute - i);
  bench.tenant.latencyMs = 40;
  const startMs = Date.now();
  const polling = createPoll(() => now, { deadlineMs: 10_000, maxBodyBytes: 4 * 1024 * 1024 }).run();
  let first = 0;
  while (first === 0) {
    if ((await queued()).length > 0) first = Date.now() - startMs;
    else await new Promise((done) => setImmediate(done));
  }
  await polling;
  expect(first).toBeLessThan(1500);
}, 30_000);

test('a window that keeps failing is halved; its unreadable part becomes a gap, which closes once it is readable', async () => {
  await run();
  const begin = now;
  const bad = begin + 20 * minute;
  const poison: Partial<Fault> = {
    times: 1000,
    play: (response, request) => {
      const [, from = '', to = ''] =
        /ge '([^']+)' and eventTimestamp le '([^']+)'/.exec(request.query.get('$filter') ?? '') ?? [];
      const holds = Date.parse(from) <= bad && bad <= Date.parse(to);
      response.writeHead(200, { 'content-type': holds ? 'text/html' : 'application/json' });
      const { state } = bench.tenant;
      const value = state.log
        .map(({ record }) => record)
        .filter(
          ({ eventTimestamp: at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to),
        );
      response.end(holds ? '<html>' : JSON.stringify({ value }));
    },
  };
  now = begin + 40 * minute;
  operate(begin + 5 * minute);
  operate(bad);
  operate(begin + 35 * minute);
  fault(poison);
  for (let i = 0; i < 12; i++) await run().catch(() => {});
  const correlations = new Set((await queued()).map(({ correlationId }) => correlationId));
  expect(correlations.size).toBe(2);
  const [gap, ...others] = await store.polls.gaps(subscription);
  expect(others).toEqual([]);
  expect((gap?.to ?? 0) - (gap?.from ?? 0)).toBeLessThanOrEqual(3 * minute);
  expect(gap?.from).toBeLessThanOrEqual(bad);
  expect(gap?.to).toBeGreaterThanOrEqual(bad);
  expect(await store.polls.watermark(subscription)).toBe(new Date(now).toISOString());
  // The gap delays neither polls nor the look-back that is due every 25 minutes.
  for (const minutes of [26, 26, 1, 1, 26, 1, 26]) {
    now += minutes * minute;
    await run();
    expect(await store.polls.watermark(subscription)).toBe(new Date(now).toISOString());
  }
  bench.tenant.faults.clear();
  for (let i = 0; i < 4; i++) await run();
  expect(new Set((await queued()).map(({ correlationId }) => correlationId)).size).toBe(3);
  expect(await store.polls.gaps(subscription)).toEqual([]);
}, 60_000);

test.each([
  ['behind', -60 * minute],
  ['ahead', 60 * minute],
])('with a host clock an hour %s, Azure’s time is used and nothing is missed', async (_, off) => {
  const { run: runOff, azure } = createPoll(() => now + off);
  operate(now - minute);
  await runOff();
  expect(await queued()).toHaveLength(3);
  expect(Math.abs(azure.clock.offsetMs() + off)).toBeLessThan(2000);
  now += 2 * minute;
  operate(now - 30_000);
  await runOff();
  expect(await queued()).toHaveLength(6);
  const watermark = Date.parse((await store.polls.watermark(subscription)) ?? '');
  expect(Math.abs(watermark - now)).toBeLessThan(2000);
});

/** FAULTS_SEED repeats a run. */
const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000);

test(`six hours of faults (seed ${seed}): every execution is queued, or its time is in a gap`, async () => {
  let state = seed;
  const random = () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
  const limits = { deadlineMs: 150, maxBodyBytes: 1024 * 1024 };
  let hostOffsetMs = 0;
  const { run: runOnce } = createPoll(() => now + hostOffsetMs, limits);
  const begin = now;
  const path = `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values`;
  const possibleFaults: Partial<Fault>[] = [
    { play: () => {} },
    {
      play: (response) => void response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
    },
    { play: (response) => void response.destroy() },
    { body: '<html>', headers: { 'content-type': 'text/html' } },
    { body: '' },
    { body: 'null' },
    {
      body: JSON.stringify({
        value: [],
        nextLink: `${bench.tenant.endpoint}${path}?api-version=2015-04-01&page=a`,
      }),
      times: 60,
    },
    { status: 307, body: '', headers: { location: 'https://evil.example/' } },
    { status: 500 },
    { status: 503 },
    { status: 429, retryAfter: 1 },
    { status: 401 },
    {
      play: (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(bomb.subarray(0, 100_000)),
    },
  ];
  /** Windows that contain this minute are unreadable for the whole run. */
  const poisoned = begin + 3 * 60 * minute;
  const holdsPoison: Fault['only'] = ({ query }) => {
    const [, from = '', to = ''] =
      /ge '([^']+)' and eventTimestamp le '([^']+)'/.exec(query.get('$filter') ?? '') ?? [];
    return Date.parse(from) <= poisoned && poisoned <= Date.parse(to);
  };
  const executions: { at: number; correlationId: string }[] = [];
  const execute = (at: number) => {
    operate(at);
    const correlationId = bench.tenant.state.log.at(-1)?.record.correlationId as string;
    executions.push({ at, correlationId });
  };
  await runOnce();
  bench.tenant.state.pageSize = 20;
  for (let i = 0; i < 360; i++) {
    now += minute;
    if (random() < 0.3) {
      execute(Math.max(begin, now - Math.floor(random() * 8 * minute)));
    }
    if (now === poisoned) execute(now);
    if (random() < 0.1) hostOffsetMs = random() < 0.5 ? 0 : Math.round((random() - 0.5) * 4 * 60) * minute;
    bench.tenant.faults.clear();
    const pickedFault = possibleFaults[Math.floor(random() * possibleFaults.length)] as Partial<Fault>;
    if (random() < 0.35) fault({ ...pickedFault, times: pickedFault.times ?? 1 + Math.floor(random() * 3) });
    fault({ only: holdsPoison, times: 1000, body: '<html>', headers: { 'content-type': 'text/html' } });
    await runOnce().catch(() => {});
  }
  bench.tenant.faults.clear();
  fault({ only: holdsPoison, times: 1000, body: '<html>', headers: { 'content-type': 'text/html' } });
  // Windows that were skipped during the faults are read once the faults are over.
  for (let i = 0; i < 40; i++) {
    now += minute;
    await runOnce().catch(() => {});
  }
  const events = await queued();
  const gaps = await store.polls.gaps(subscription);
  const inGap = (at: number) => gaps.some(({ from, to }) => from <= at + 1000 && at <= to);
  const seen = new Set(events.map(({ correlationId }) => correlationId));
  const missing = executions.filter(({ correlationId }) => !seen.has(correlationId));
  expect(missing.filter(({ at }) => !inGap(at))).toEqual([]);
  expect(missing.length).toBeLessThan(10);
  expect(inGap(poisoned)).toBe(true);
  expect(gaps.reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThanOrEqual(5 * minute);
  expect(executions.length).toBeGreaterThan(60);
}, 180_000);
