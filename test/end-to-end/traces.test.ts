import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../src/demo/scenarios';
import type { Principal } from '../../src/demo/tenant/simulated-directory';
import { type Bench, setUp } from '../support/bot';
import { freePort } from '../support/free-port';
import { type ReceivedSpan, startCollector } from '../support/otlp';
import { until } from '../support/wait';

let bench: Bench;
let collector: Awaited<ReturnType<typeof startCollector>>;
let children: ChildProcess[] = [];
let lines: Record<string, unknown>[] = [];

const headerSecret = 'planted-key-of-the-collector';

beforeEach(async () => {
  bench = await setUp({ mode: 'http' });
  lines = [];
});
afterEach(async () => {
  await stopAll();
  await bench.stop();
  await collector?.stop();
});

/** Starts a process whose log lines are collected. */
async function start(roles: string, env: Record<string, string>, node: string[] = []): Promise<string> {
  const port = await freePort();
  const cli = join(__dirname, '../../dist/cli.js');
  const child = spawn(process.execPath, [...node, cli, 'start', '--roles', roles], {
    env: {
      PATH: process.env.PATH,
      ...bench.env,
      RUNWATCH_LOG_LEVEL: 'info',
      RUNWATCH_PORT: String(port),
      RUNWATCH_METRICS_PORT: String(port),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const whole = (rest + text).split('\n');
    rest = whole.pop() ?? '';
    lines.push(...whole.map((line) => JSON.parse(line)));
  });
  const url = `http://127.0.0.1:${port}`;
  await until('it lives', async () => (await fetch(`${url}/readyz`)).ok);
  return url;
}

async function stopAll(): Promise<void> {
  const ends = children.map((child) => once(child, 'exit'));
  for (const child of children) child.kill('SIGTERM');
  children = [];
  await Promise.all(ends);
}

const tracing = (name: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_HEADERS: `api-key=${headerSecret}`,
  OTEL_SERVICE_NAME: name,
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
});

function log(resourceId: string, caller: Principal): void {
  bench.tenant.log({ name: runCommand, resourceId, caller, at: Date.now() - 60_000, tookMs: 5000 });
}

/** The names from a span up to the first of its trace. */
function pathOf(span: ReceivedSpan | undefined): string[] {
  if (!span) return ['missing'];
  if (span.parentId === '') return [span.name];
  const parent = collector.spans.find(
    ({ spanId, traceId }) => spanId === span.parentId && traceId === span.traceId,
  );
  return [span.name, ...pathOf(parent)];
}

const find = (name: string, alertId?: string, more: (span: ReceivedSpan) => boolean = () => true) =>
  collector.spans.find(
    (one) => one.name === name && (!alertId || one.attributes['runwatch.alert.id'] === alertId) && more(one),
  );

test('an alert is one trace from its event to its message, and a press one to its effect, across processes', async () => {
  collector = await startCollector();
  const { slack, world } = bench;
  await start('poll,enrich', tracing('reading'));
  const url = await start('deliver,respond,serve', tracing('acting'));
  log(world.vms.pay01, world.people.dana);
  const message = await until('the alert', () => slack.alerts()[0]);
  const alertId = message.metadata?.event_payload.alert_id as string;
  await slack.press(message, 'isolate', 'U0SAM0000', { url });
  await until('its effect', () => JSON.stringify(slack.alerts()[0]?.blocks).includes('Isolated'));
  log(world.vms.pay02, world.people.kim);
  log(world.vms.web[0] as string, world.people.lee);
  await until('two more alerts', () => slack.alerts().length === 3);
  await stopAll();

  const spans = collector.spans;
  const post = spans.find(
    ({ name, traceId }) => name === 'post' && traceId === find('raise', alertId)?.traceId,
  );
  expect(pathOf(post)).toEqual([
    ...['post', 'deliver', 'process deliver', 'addBulk deliver'],
    ...['ingest', 'process events', 'addBulk events', 'poll'],
  ]);
  expect(post?.resource).toMatchObject({
    'service.name': 'acting',
    'deployment.environment.name': 'test',
    'service.version': expect.stringMatching(/^\d/),
  });
  const raise = find('raise', alertId);
  expect(raise?.resource['service.name']).toBe('reading');
  const below = (parent: ReceivedSpan | undefined) =>
    spans.filter(({ parentId }) => parentId === parent?.spanId).map(({ name }) => name);
  expect(below(find('ingest'))).toEqual(
    expect.arrayContaining(['merge events', 'confirm', 'group', 'raise', 'addBulk deliver']),
  );
  expect(below(raise)).toEqual(expect.arrayContaining(['enrich', 'store']));
  expect(pathOf(find('judge', undefined, ({ traceId }) => traceId === raise?.traceId))).toEqual(
    expect.arrayContaining(['judge', 'store', 'raise']),
  );
  expect(pathOf(find('enrich role assignments'))).toEqual(expect.arrayContaining(['enrich', 'raise']));
  expect(find('judge')?.attributes).toMatchObject({
    'runwatch.alert.technique': 'run-command',
    'runwatch.alert.verdict': 'alert',
  });
  expect(find('azure GET', undefined, ({ traceId }) => traceId === raise?.traceId)?.attributes).toMatchObject(
    {
      'azure.resource_provider.namespace': expect.stringMatching(/^Microsoft\./),
      'http.response.status_code': 200,
    },
  );

  const press = find('press', alertId);
  expect(press?.parentId).toBe('');
  const performed = ['perform', 'process respond', 'add respond.isolate', 'press'];
  expect(pathOf(find('authorize'))).toEqual(['authorize', ...performed]);
  expect(pathOf(find('check approval'))).toEqual(['check approval', ...performed]);
  expect(pathOf(find('step'))).toEqual(['step', 'run action', ...performed]);
  expect(find('run action')?.attributes).toEqual({
    'runwatch.action': 'isolate',
    'runwatch.outcome': 'done',
  });
  expect(pathOf(find('azure PUT'))).toEqual(['azure PUT', 'step', 'run action', ...performed]);
  expect(pathOf(find('audit', undefined, ({ traceId }) => traceId === press?.traceId))).toEqual(
    expect.arrayContaining(['run action', 'press']),
  );
  expect(pathOf(find('update', undefined, ({ traceId }) => traceId === press?.traceId))).toEqual(
    expect.arrayContaining(['deliver', 'run action', 'press']),
  );

  // Alerts that were read together have a trace each, linked to the job.
  const together = find('ingest', undefined, ({ spanId }) =>
    spans.some(({ name, links }) => name === 'raise' && links[0]?.spanId === spanId),
  );
  expect(together?.attributes['messaging.batch.message_count']).toBeGreaterThan(1);
  const others = spans.filter(({ name, links }) => name === 'raise' && links.length > 0);
  expect(others).toHaveLength(2);
  for (const one of others) {
    expect(one.parentId).toBe('');
    const delivered = find('deliver', one.attributes['runwatch.alert.id'] as string);
    expect(pathOf(delivered)).toEqual(['deliver', 'raise']);
    const batch = spans.find(({ spanId }) => spanId === delivered?.links[0]?.spanId);
    expect(batch?.name).toBe('process deliver');
  }

  const said = (msg: string) => lines.find((line) => line.msg === msg && line.alertId === alertId);
  expect(said('an alert was raised')).toMatchObject({ trace_id: raise?.traceId, span_id: raise?.spanId });
  expect(said('an alert was posted')).toMatchObject({ trace_id: raise?.traceId });
  expect(said('a press')).toMatchObject({ trace_id: press?.traceId });

  expect(collector.requests[0]?.headers['api-key']).toBe(headerSecret);
  expect(JSON.stringify(lines)).not.toContain(headerSecret);
  const personal = /contoso\.example|Dana|Kim|Sam Ortiz|U0SAM|curl|bash|vm-|203\.0\.113/i;
  expect(collector.requests.filter(({ bytes }) => personal.test(bytes.toString('latin1')))).toEqual([]);
}, 60_000);

test('a collector that hangs delays no alert, and no shutdown', async () => {
  collector = await startCollector({ hangs: true });
  await start('poll,enrich,deliver,respond,serve', tracing('runwatch'));
  log(bench.world.vms.pay01, bench.world.people.dana);
  await until('the alert', () => bench.slack.alerts()[0]);
  const asked = Date.now();
  await stopAll();
  expect(Date.now() - asked).toBeLessThan(10_000);
  expect(collector.requests.length).toBeGreaterThan(0);
}, 60_000);

test('without an endpoint nothing of OpenTelemetry is loaded, except the API that other packages require', async () => {
  const report = join(bench.env.RUNWATCH_DATA_DIR as string, 'loaded.cjs');
  writeFileSync(
    report,
    `process.on('exit', () => {
      const loaded = Object.keys(require.cache).filter((path) => /opentelemetry|bullmq-otel|open-telemetry/.test(path));
      process.stderr.write(JSON.stringify({ loaded }) + '\\n');
    });`,
  );
  await start('poll,enrich,deliver,respond,serve', {}, ['--require', report]);
  log(bench.world.vms.pay01, bench.world.people.dana);
  await until('the alert', () => bench.slack.alerts()[0]);
  await stopAll();
  const loaded = await until('the list', () => lines.find((line) => line.loaded)?.loaded as string[]);
  expect(loaded.filter((path) => !path.includes('@opentelemetry/api/'))).toEqual([]);
  expect(lines.filter((line) => line.trace_id)).toEqual([]);
}, 60_000);
