import { createAzure } from '../../src/azure/azure';
import { runCommand } from '../../src/demo/scenarios';
import { subscriptions } from '../../src/demo/world';
import { normalize } from '../../src/domain/activity/read-record';
import { providersRead } from '../../src/domain/techniques/detections';
import { loadConfig } from '../../src/load-config';
import { poll } from '../../src/pipeline/poll';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { createStore } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';

let bench: Bench;
let store: ReturnType<typeof createStore>;
let queues: ReturnType<typeof createQueues>;
let now = Date.now();

beforeEach(async () => {
  bench = await setUp({ mode: 'none' });
  store = createStore(bench.redis.address, []);
  queues = createQueues(bench.redis.address, createLog('silent'));
  now = Date.now();
});
afterEach(async () => {
  await queues.close();
  await store.close();
  await bench.stop();
});

const run = (subscription: string = subscriptions.payments) => {
  const azure = createAzure(loadConfig(bench.env), { tlsOptions: { ca: bench.tenant.ca } });
  return poll(subscription, {
    readLog: azure.readLog,
    polls: store.polls,
    timeline: store.timeline,
    queues,
    metrics: createMetrics(),
    lookbackMs: 25 * 60_000,
    detections: {},
    now: () => now,
  });
};

const queued = async () =>
  (await queues.events.getJobs(['waiting', 'prioritized'])).flatMap((job) => job.data.events);
const idOf = (record: unknown) => {
  const result = normalize(record);
  return 'event' in result ? result.event.id : null;
};
const asked = () => bench.tenant.requests.filter((request) => request.path.includes('eventtypes'));
const operate = (name: string, at: number, delayMs?: number) => {
  const { world, tenant } = bench;
  return tenant.log(
    { name, resourceId: world.vms.pay01, caller: world.people.dana, at, tookMs: 1000 },
    delayMs === undefined ? {} : { delayMs },
  );
};

test('a quiet subscription needs one request per poll', async () => {
  await run();
  await run();
  expect(asked()).toHaveLength(2);
  expect(asked()[0]?.query).toContain('%24select=');
});

test('events are queued once, although every poll reads them again', async () => {
  operate(runCommand, now - 60_000);
  await run();
  now += 60_000;
  await run();
  expect(await queued()).toHaveLength(3);
});

test('an event that arrives late is found by the overlap', async () => {
  operate(runCommand, now - 60_000, 10 * 60_000);
  await run();
  expect(await queued()).toHaveLength(0);
  now += 12 * 60_000;
  bench.tenant.state.now = () => now;
  await run();
  expect(await queued()).toHaveLength(3);
});

test('a busy subscription is read only for the providers that can run code', async () => {
  bench.tenant.state.pageSize = 10;
  for (let i = 0; i < 100; i++)
    operate('Microsoft.Storage/storageAccounts/listKeys/action', now - 60_000 - i);
  operate(runCommand, now - 120_000);
  await run();
  expect(await queued()).toHaveLength(3);
  expect(asked()).toHaveLength(1 + providersRead({}).length);
});

test('several pages of run commands are read completely', async () => {
  bench.tenant.state.pageSize = 50;
  for (let i = 0; i < 150; i++) operate(runCommand, now - 60_000 - i);
  await run();
  expect(await queued()).toHaveLength(450);
});

test.each([
  ['429', { status: 429, retryAfter: 7 }, { statusCode: 429, retryAfterMs: 7000 }],
  ['403', { status: 403 }, { statusCode: 403 }],
  ['401', { status: 401 }, { statusCode: 401 }],
  ['500', { status: 500 }, { statusCode: 500 }],
  ['truncated JSON', { status: 200, body: '{"value":[{"ev' }, {}],
  ['a cut connection', { status: 0, cut: true }, {}],
])('%s does not move the watermark, and the next poll reads everything', async (_, fault, wanted) => {
  operate(runCommand, now - 60_000);
  bench.tenant.faults.add({ when: /eventtypes/, times: 1, ...fault });
  await expect(run()).rejects.toMatchObject(wanted);
  expect(await store.polls.watermark(subscriptions.payments)).toBeNull();
  await run();
  expect(await queued()).toHaveLength(3);
  expect(await store.polls.watermark(subscriptions.payments)).toBe(new Date(now).toISOString());
});

test('a nextLink to another host is rejected, so that our token is not sent there', async () => {
  bench.tenant.faults.add({
    when: /eventtypes/,
    times: 5,
    status: 200,
    body: '{"value":[],"nextLink":"https://evil.example/x?api-version=2015-04-01"}',
  });
  await expect(run()).rejects.toThrow(/outside/);
});

test('an unreadable record is stored once, with its reason', async () => {
  const [record] = operate(runCommand, now - 60_000);
  if (record) Object.assign(record, { operationName: { value: '' }, authorization: {}, properties: {} });
  bench.tenant.state.log.splice(1);
  await run();
  await run();
  expect(await store.polls.unreadable()).toMatchObject([{ reason: expect.stringContaining('operation') }]);
});

test('an event that reaches the log two hours late is read once; events before the first poll are not read', async () => {
  const startMs = now;
  const before = operate(runCommand, startMs - 90 * 60_000, 100 * 60_000);
  await run();
  const late = operate(runCommand, startMs + 60_000, 121 * 60_000);
  for (let minute = 1; minute <= 200; minute++) {
    now = startMs + minute * 60_000;
    bench.tenant.state.now = () => now;
    await run();
  }
  const ids = (await queued()).map(({ id }) => id);
  expect(ids.filter((id) => late.map(idOf).includes(id))).toHaveLength(late.length);
  expect(ids.filter((id) => before.map(idOf).includes(id))).toEqual([]);
  // One per poll, and one per look-back: every 25 minutes, if there is anything to look back to.
  expect(asked().length).toBeGreaterThanOrEqual(201 + 7);
  expect(asked().length).toBeLessThanOrEqual(201 + 8);
});

test('a clock that jumps ahead and back loses nothing and reads nothing twice', async () => {
  const startMs = now;
  await run();
  now = startMs + 3_600_000;
  bench.tenant.state.now = () => now;
  await run();
  now = startMs + 60_000;
  const events = operate(runCommand, startMs + 30_000);
  await run();
  now = startMs + 120_000;
  await run();
  const ids = (await queued()).map(({ id }) => id);
  expect(ids.sort()).toEqual(events.map(idOf).sort());
});
