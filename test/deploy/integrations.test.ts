import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import { readConfig } from '../../src/config/config';
import type { WebhookConfig } from '../../src/config/policy-file';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { ecsAlert } from '../../src/domain/webhooks/ecs-alert';
import { webhookBody } from '../../src/domain/webhooks/webhook-body';
import type { WebhookMessage } from '../../src/domain/webhooks/webhook-event';
import { post } from '../../src/pipeline/webhooks/send-webhook';
import { event, vm } from '../support/event';
import { webhookSecret } from '../support/webhook-receiver';

const root = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/integrations.md');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '');
const script = 'deploy/integrations/forward.mjs';

interface Forwarded {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** A fake of Splunk, Elasticsearch, Tines and Logic Apps: it accepts with `status`. */
async function startDestination() {
  const got: Forwarded[] = [];
  const destination = { got, status: 200, location: '', url: '', stop: () => {} };
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    got.push({ method, url, headers, body: JSON.parse(Buffer.concat(await request.toArray()).toString()) });
    response
      .writeHead(destination.status, { location: destination.location })
      .end('{"text":"Success","code":0}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  destination.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  destination.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return destination;
}

const processes: ChildProcess[] = [];
afterAll(() => {
  for (const child of processes) child.kill();
});

const startProcess = (env: Record<string, string>) => {
  const child = spawn(process.execPath, [join(root, script)], {
    env: { PORT: '0', FORWARD_SECRET: webhookSecret, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  return child;
};

/** The forwarder as the page starts it; gives its address. */
async function startForwarder(env: Record<string, string>): Promise<string> {
  const { stdout } = startProcess(env);
  const [line] = await once(createInterface(stdout as NodeJS.ReadableStream), 'line');
  return `http://127.0.0.1:${/port (\d+)/.exec(line)?.[1]}/`;
}

const raisedAt = '2026-11-20T22:15:00.000Z';
const at = Date.parse('2026-11-20T22:16:00.250Z');
const alert = newAlert(
  'RW-1',
  [executionFrom(event({ id: 'e1', correlationId: 'c1', resourceId: vm })) as Execution],
  raisedAt,
);
const message: WebhookMessage = { event: 'alert.raised', at, subject: { kind: 'alert', alert, link: null } };
const hook = (url: string, more: Partial<WebhookConfig> = {}): WebhookConfig => ({
  name: 'siem',
  url,
  secret: webhookSecret,
  allowPrivate: true,
  ...more,
});
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));
const id = 'siem_1732140960250-0';
const forged = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

let destination: Awaited<ReturnType<typeof startDestination>>;
beforeEach(async () => {
  destination = await startDestination();
});
afterEach(() => destination.stop());

test('Splunk gets an event with its time and id', async () => {
  const url = await startForwarder({
    FORWARD_TARGET: 'hec',
    FORWARD_URL: `${destination.url}/services/collector/event`,
    FORWARD_TOKEN: 'token-of-hec',
  });
  for (const format of ['runwatch', 'ocsf', 'ecs'] as const)
    await post(id, hook(url, { format, previousSecret: forged }), message, Date.now());
  expect(destination.got).toHaveLength(3);
  expect(destination.got[0]).toMatchObject({
    method: 'POST',
    url: '/services/collector/event',
    headers: { authorization: 'Splunk token-of-hec' },
  });
  for (const { body } of destination.got)
    expect(body).toMatchObject({ time: at / 1000, sourcetype: 'runwatch', fields: { webhook_id: id } });
  expect(destination.got[0]?.body).toMatchObject({ event: asJson(webhookBody(message)) });
});

test('Elasticsearch gets the ECS document under an id, and a repetition is accepted', async () => {
  const url = await startForwarder({
    FORWARD_TARGET: 'elasticsearch',
    FORWARD_URL: `${destination.url}/logs-runwatch.alert-default`,
    FORWARD_TOKEN: 'token-of-es',
  });
  destination.status = 201;
  await post(id, hook(url, { format: 'ecs' }), message, Date.now());
  destination.status = 409;
  await post(id, hook(url, { format: 'ecs' }), message, Date.now());
  expect(destination.got).toHaveLength(2);
  expect(destination.got[0]).toMatchObject({
    method: 'PUT',
    url: `/logs-runwatch.alert-default/_create/${id}`,
    headers: { authorization: 'ApiKey token-of-es' },
  });
  expect(destination.got[0]?.body).toEqual(asJson(ecsAlert(message)));
});

test('what is forged, old or changed is refused; what the destination does not accept is tried again', async () => {
  const url = await startForwarder({
    FORWARD_TARGET: 'plain',
    FORWARD_URL: `${destination.url}/workflow?sig=s`,
  });
  const send = (to = hook(url), now = Date.now()) => post(id, to, message, now);
  await expect(send(hook(url, { secret: forged }))).rejects.toThrow('answered 401');
  for (const minutes of [-6, 6])
    await expect(send(hook(url), Date.now() + minutes * 60_000)).rejects.toThrow('answered 401');
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(1_000_001) })).status).toBe(413);
  expect(destination.got).toEqual([]);

  await send();
  expect(destination.got).toMatchObject([
    { method: 'POST', url: '/workflow?sig=s', headers: { 'webhook-id': id }, body: webhookBody(message) },
  ]);
  for (const status of [302, 400, 409, 410, 503]) {
    Object.assign(destination, { status, location: `${destination.url}/elsewhere` });
    await expect(send()).rejects.toThrow('answered 502');
  }
  expect(destination.got.map((one) => one.url)).not.toContain('/elsewhere');
  destination.stop();
  await expect(send()).rejects.toThrow('answered 502');
});

test.each([
  ['no target', { FORWARD_TARGET: 'toString' }],
  ['no URL', { FORWARD_URL: '' }],
  ['no token', { FORWARD_TOKEN: '' }],
  ['no secret', { FORWARD_SECRET: 'whsec_' }],
])('the forwarder does not start with %s', async (_, env) => {
  const all = { FORWARD_TARGET: 'hec', FORWARD_URL: destination.url, FORWARD_TOKEN: 't', ...env };
  const [code] = await once(startProcess(all), 'exit');
  expect(code).toBe(1);
});

test('Runwatch accepts each configuration of the page', () => {
  const found = blocks('yaml');
  expect(found).toHaveLength(4);
  for (const yaml of found) {
    const names = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name as string);
    const env = Object.fromEntries(names.map((name) => [name, webhookSecret]));
    const { policy } = readConfig({ ...env, RUNWATCH_CONFIG: 'c.yaml' }, surfaceDefinitions(), () => yaml);
    expect(policy.webhooks).toHaveLength(1);
  }
});

test('the page names files that are there and variables that the forwarder reads', () => {
  const files = [...page.matchAll(/deploy\/integrations\/[\w.-]+\w/g)].map(([file]) => file);
  const put = [...page.matchAll(/^put \S+ (\S+)$/gm)].map(([, file]) => `deploy/integrations/${file}`);
  expect(new Set([...files, ...put]).size).toBe(4);
  expect([...files, ...put].filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const variables = (text: string) => new Set(text.match(/\bFORWARD_[A-Z]+\b/g));
  expect(variables(page)).toEqual(variables(read(script)));
});

test('the template uses the pipeline under its name, for the stream that the page names', () => {
  const template = JSON.parse(read('deploy/integrations/elasticsearch-template.json'));
  const pipeline = JSON.parse(read('deploy/integrations/elasticsearch-pipeline.json'));
  const name = template.template.settings.index.default_pipeline;
  expect(page).toContain(`put _ingest/pipeline/${name} elasticsearch-pipeline.json`);
  expect(template).toMatchObject({ data_stream: {}, index_patterns: ['logs-runwatch.alert-*'] });
  expect(page).toContain('/logs-runwatch.alert-default');
  const fields = JSON.parse(read('test/fixtures/published/ecs-fields-9.4.0.json'));
  const named = pipeline.processors.flatMap((one: Record<string, { field: string }>) =>
    Object.values(one).map(({ field }) => field),
  );
  expect(named).toEqual(['event.ingested', 'source.ip']);
  for (const field of named) expect(fields).toHaveProperty([field]);
  expect(ecsAlert(message)).toMatchObject({ event: { dataset: 'runwatch.alert' } });
});

interface Step {
  type: string;
  runAfter: Record<string, string[]>;
  inputs?: {
    method: string;
    uri: string;
    headers?: Record<string, string>;
    authentication: { type: string };
  };
  actions?: Record<string, Step>;
}
const stepsOf = (steps: Record<string, Step>): [string, Step][] =>
  Object.entries(steps).flatMap(([name, step]) => [[name, step], ...stepsOf(step.actions ?? {})]);

test('the workflow calls operations of the API, as its managed identity, with the headers they need', () => {
  const text = read('deploy/integrations/logic-app.json');
  const { definition } = JSON.parse(text);
  const steps = stepsOf(definition.actions);
  const names = steps.map(([name]) => name);
  expect(
    steps.flatMap(([, { runAfter }]) => Object.keys(runAfter)).every((name) => names.includes(name)),
  ).toBe(true);
  for (const [, name] of text.matchAll(/body\('(\w+)'\)/g)) expect(names).toContain(name);
  for (const [, name] of text.matchAll(/parameters\('(\w+)'\)/g))
    expect(definition.parameters).toHaveProperty(name ?? '');
  const { paths } = JSON.parse(read('schema/openapi.json'));
  const calls = steps.flatMap(([, { inputs }]) => inputs ?? []);
  expect(calls).toHaveLength(2);
  for (const { method, uri, headers = {}, authentication } of calls) {
    const path = uri
      .replace(/^@\{parameters\('runwatch'\)\}\/api\/v1/, '')
      .replace(/@\{encodeUriComponent\(.*?\)\}/, '{id}')
      .replace('/acknowledge', '/{action}');
    const operation = paths[path]?.[method.toLowerCase()];
    const required = (operation?.parameters ?? []).filter(
      (one: { in: string; required: boolean }) => one.in === 'header' && one.required,
    );
    expect({ path, operation }).toMatchObject({ operation: { operationId: expect.any(String) } });
    for (const { name } of required) expect(headers).toHaveProperty([name]);
    expect(authentication.type).toBe('ManagedServiceIdentity');
  }
});
