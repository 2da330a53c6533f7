import { trace } from '@opentelemetry/api';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { linkedSpan, span, startTracing, traceFields, traceparent } from '../../src/runtime/tracing';
import { startCollector } from '../support/otlp';
import { startStore } from '../support/store';
import { until } from '../support/wait';

let collector: Awaited<ReturnType<typeof startCollector>>;
let warnings: string[];
let stop: () => Promise<void>;

const warn = (text: string) => warnings.push(text);
const variables = ['OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG', 'OTEL_EXPORTER_OTLP_PROTOCOL'];

async function start(env: Record<string, string> = {}, headers: string | null = null): Promise<void> {
  Object.assign(process.env, env);
  stop = await startTracing({ endpoint: collector.url, headers }, '1.2.3', warn);
}

beforeEach(async () => {
  warnings = [];
  collector = await startCollector();
  stop = async () => {};
});
afterEach(async () => {
  await stop();
  await collector.stop();
  for (const name of variables) delete process.env[name];
});

const named = (name: string) => collector.spans.filter((one) => one.name === name);
const sent = async () => {
  await stop();
  stop = async () => {};
  return collector.spans;
};

test('without settings the work runs and nothing else happens', async () => {
  await startTracing(null, '1.2.3', warn);
  expect(span('a', {}, ({ set }) => set({ 'runwatch.outcome': 'x' }))).toBeUndefined();
  expect(await linkedSpan('a', null, {}, async () => 5)).toBe(5);
  expect([traceparent(), traceFields()]).toEqual([null, {}]);
});

test('spans nest across promises, with their ids and the alert in log lines', async () => {
  await start({}, 'api-key=abc,authorization=Bearer%20x');
  let fields = {};
  await span('outer', { 'runwatch.alert.id': 'RW-1' }, async ({ set }) => {
    await Promise.resolve();
    set({ 'runwatch.outcome': 'done' });
    fields = await span('inner', {}, async () => traceFields());
  });
  expect(traceFields()).toEqual({});
  await sent();
  const [[outer], [inner]] = [named('outer'), named('inner')];
  expect(outer).toMatchObject({
    parentId: '',
    failed: false,
    scope: 'runwatch',
    attributes: { 'runwatch.alert.id': 'RW-1', 'runwatch.outcome': 'done' },
    resource: { 'service.name': 'runwatch', 'service.version': '1.2.3' },
  });
  expect(inner).toMatchObject({ parentId: outer?.spanId, traceId: outer?.traceId });
  expect(fields).toEqual({ trace_id: inner?.traceId, span_id: inner?.spanId, alertId: 'RW-1' });
  expect(collector.requests[0]).toMatchObject({
    url: '/v1/traces',
    headers: { 'api-key': 'abc', authorization: 'Bearer x', 'content-type': 'application/x-protobuf' },
  });
});

test('a failure is marked by its kind, without its text', async () => {
  await start();
  const failure = Object.assign(new Error('dana@contoso.example may not'), { code: 'AuthorizationFailed' });
  await expect(span('async', {}, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(() =>
    span('sync', {}, () => {
      throw failure;
    }),
  ).toThrow(failure);
  const delayed = Object.assign(new Error('later'), { name: 'DelayedError' });
  await expect(span('postponed', {}, () => Promise.reject(delayed))).rejects.toBe(delayed);
  await sent();
  for (const name of ['async', 'sync'])
    expect(named(name)).toMatchObject([
      { failed: true, attributes: { 'error.type': 'AuthorizationFailed' }, events: 0 },
    ]);
  expect(named('postponed')).toMatchObject([{ failed: false, attributes: {} }]);
  expect(collector.requests.some(({ bytes }) => bytes.includes('dana@'))).toBe(false);
});

test('a linked span is in the trace it is given, or in a new one', async () => {
  await start();
  const parent = span('alert', {}, traceparent);
  span('batch', {}, () => {
    linkedSpan('known', parent, {}, () => {});
    linkedSpan('new', null, {}, () => {});
    linkedSpan('forged', 'not a traceparent', {}, () => {});
  });
  await sent();
  const [alert, batch] = [named('alert')[0], named('batch')[0]];
  const links = [{ traceId: batch?.traceId, spanId: batch?.spanId }];
  expect(named('known')).toMatchObject([{ traceId: alert?.traceId, parentId: alert?.spanId, links }]);
  for (const name of ['new', 'forged']) {
    expect(named(name)).toMatchObject([{ parentId: '', links }]);
    expect(named(name)[0]?.traceId).not.toBe(batch?.traceId);
  }
});

test('spans of other libraries are not sent', async () => {
  await start();
  trace.getTracer('@microsoft/agents-hosting').startSpan('what Dana wrote').end();
  span('ours', {}, () => {});
  expect((await sent()).map(({ name }) => name)).toEqual(['ours']);
});

test.each([
  ['always_off', '', 0],
  ['parentbased_traceidratio', '0', 0],
  ['traceidratio', '1', 1],
  ['parentbased_always_on', '', 1],
])('the sampler %s with %j sends %d span', async (sampler, ratio, count) => {
  await start({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio });
  span('a', {}, () => {});
  expect(await sent()).toHaveLength(count);
  expect(warnings).toEqual([]);
});

test('what is not supported is warned of, and traces are sent', async () => {
  await start({ OTEL_TRACES_SAMPLER: 'jaeger_remote', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  span('a', {}, () => {});
  expect(await sent()).toHaveLength(1);
  expect(warnings).toEqual([
    expect.stringContaining('OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf'),
    expect.stringContaining('OTEL_TRACES_SAMPLER: expected always_on'),
  ]);
});

test('a collector that hangs delays neither the work nor the shutdown, and few spans are kept', async () => {
  await collector.stop();
  collector = await startCollector({ hangs: true });
  await start();
  const began = Date.now();
  for (let i = 0; i < 20_000; i++) await span('work', {}, async () => {});
  await until('a request', () => collector.requests.length);
  const worked = Date.now() - began;
  await sent();
  expect(worked).toBeLessThan(3000);
  expect(Date.now() - began - worked).toBeLessThan(2500);
  expect(collector.spans.length).toBeLessThan(6000);
  expect(warnings).toContainEqual(expect.stringContaining('could not send the last traces'));
});

describe('queues', () => {
  let own: Awaited<ReturnType<typeof startStore>>;
  beforeEach(async () => {
    own = await startStore(['slack']);
  });
  afterEach(() => own.stop());

  test('a job and each of its retries continue the trace in which it was added', async () => {
    await start();
    const queues = createQueues(own.address, createLog('silent'));
    let attempts = 0;
    queues.work('complete', async () => {
      attempts++;
      span('attempt', {}, () => {});
      if (attempts < 3) throw new Error('dana@contoso.example is not there');
    });
    await span('event', {}, () => queues.complete.add('complete', { alertId: 'RW-1' }));
    await until('three attempts', () => attempts === 3);
    await queues.close();
    await sent();
    const [event] = named('event');
    const [added] = named('add complete.complete');
    expect(added).toMatchObject({ kind: 4, parentId: event?.spanId });
    expect(named('process complete')).toHaveLength(3);
    for (const processed of named('process complete'))
      expect(processed).toMatchObject({ kind: 5, traceId: event?.traceId, parentId: added?.spanId });
    expect(
      named('attempt')
        .map(({ parentId }) => parentId)
        .sort(),
    ).toEqual(
      named('process complete')
        .map(({ spanId }) => spanId)
        .sort(),
    );
    expect(new Set(collector.spans.map(({ name }) => name))).toEqual(
      new Set(['event', 'add complete.complete', 'process complete', 'attempt']),
    );
    expect(collector.requests.some(({ bytes }) => bytes.includes('dana@'))).toBe(false);
  });

  test('a job with a broken trace runs', async () => {
    await start();
    const queues = createQueues(own.address, createLog('silent'));
    const done: string[] = [];
    queues.work('complete', async ({ data }) => void done.push(data.alertId));
    for (const [alertId, metadata] of [
      ['RW-1', '{'],
      ['RW-2', '{"traceparent":"00-zz-zz-01"}'],
      ['RW-3', 'null'],
    ] as const)
      await queues.complete.add('complete', { alertId }, { telemetry: { metadata, omitContext: true } });
    await until('all', () => done.length === 3);
    await queues.close();
  });
});
