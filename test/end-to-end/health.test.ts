import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { subscriptions } from '../../src/demo/world';
import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { freePort } from '../support/free-port';
import { startTeams } from '../support/teams';
import { until } from '../support/wait';

let bench: Bench;
let others: Server[] = [];
afterEach(async () => {
  await bench.stop();
  for (const server of others) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  others = [];
});

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => answer(request, response, body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  others.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function configFile(content: string): Record<string, string> {
  const path = join(bench.env.RUNWATCH_DATA_DIR as string, 'runwatch.yaml');
  writeFileSync(path, content);
  return { RUNWATCH_CONFIG: path };
}

const scrape = async (url: string) => (await fetch(`${url}/metrics`)).text();
const value = (text: string, name: string): number | null => {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  return line === undefined ? null : Number(line.split(' ').at(-1));
};
const log = () => runOn(bench, bench.world.vms.pay01);

test('the heartbeat is sent while Runwatch is healthy, and not while a subscription cannot be read', async () => {
  bench = await setUp({ mode: 'http' });
  let beats = 0;
  const url = await serve((_request, response) => {
    beats++;
    response.end('ok');
  });
  const app = await bench.start(configFile(`heartbeat: {url: "${url}/ping"}`));
  const health = async () => (await fetch(`${app.url}/console/health`)).text();
  await until('polls', async () => (await health()).includes('<strong>Healthy.</strong>'));
  await bench.runNow('health', 'watch');
  await until('a beat', () => beats === 1);
  await bench.runNow('health', 'watch');
  expect(beats).toBeLessThanOrEqual(2);
  bench.tenant.faults.add({ when: new RegExp(`${subscriptions.sandbox}.*eventtypes`), status: 401 });
  await until('the fault', async () => (await health()).includes('credential'));
  const before = beats;
  const connection = new (await import('ioredis')).Redis((bench.redis.address as { socket: string }).socket);
  for (const key of await connection.keys('*heartbeat*')) await connection.del(key);
  await bench.runNow('health', 'watch');
  expect(beats).toBe(before);
  bench.tenant.faults.clear();
  await until('healthy again', async () => (await health()).includes('<strong>Healthy.</strong>'));
  for (const key of await connection.keys('*heartbeat*')) await connection.del(key);
  connection.disconnect();
  await bench.runNow('health', 'watch');
  expect(beats).toBe(before + 1);
});

test('a channel that rejects posts is a problem, and is escalated if no chat accepts the notice', async () => {
  bench = await setUp({ mode: 'http' });
  const pages: { event_action: string; dedup_key: string; payload?: { summary: string } }[] = [];
  const url = await serve((_request, response, body) => {
    pages.push(JSON.parse(body));
    response.setHeader('content-type', 'application/json');
    response.end('{"status":"success"}');
  });
  let ahead = 0;
  await bench.stop();
  bench = await setUp({ mode: 'http', now: () => Date.now() + ahead });
  const app = await bench.start({
    ...configFile(`escalation: {url: "${url}", routingKey: "${'k'.repeat(32)}"}`),
    SLACK_CHANNEL: 'C0GONE000',
  });
  const health = async () => (await fetch(`${app.url}/console/health`)).text();
  await until('polls', async () => (await health()).includes('<strong>Healthy.</strong>'));
  log();
  await until('the refusal', async () => (await health()).includes('channel_not_found'));
  expect(value(await scrape(app.url as string), 'runwatch_alerts_undelivered{surface="slack"}')).toBe(1);
  await bench.runNow('health', 'watch');
  ahead += 30_000;
  await bench.runNow('health', 'watch');
  const refused = () => pages.filter(({ payload }) => payload?.summary.includes('channel_not_found'));
  expect(refused()).toEqual([]);
  ahead += 61_000;
  await bench.runNow('health', 'watch');
  expect(refused()).toMatchObject([
    { event_action: 'trigger', payload: { summary: expect.stringContaining('channel_not_found') } },
  ]);
  await bench.runNow('health', 'watch');
  expect(refused()).toHaveLength(1);
  expect(value(await scrape(app.url as string), 'runwatch_troubles{kind="surface"}')).toBe(1);
  bench.slack.channels.add('C0GONE000');
  ahead += 200_000;
  await until('the alert is posted', () => bench.slack.alerts().length === 1, 40);
  ahead += 200_000;
  await until('healthy', async () => !(await health()).includes('channel_not_found'));
  await bench.runNow('health', 'watch');
  expect(pages).toContainEqual(
    expect.objectContaining({ event_action: 'resolve', dedup_key: refused()[0]?.dedup_key }),
  );
  await until(
    'over',
    async () => value(await scrape(app.url as string), 'runwatch_troubles{kind="surface"}') === null,
  );
}, 60_000);

test('Teams rejecting posts is also a problem', async () => {
  bench = await setUp({ mode: 'none' });
  const teams = await startTeams();
  const app = await bench.start({ TEAMS_LOCAL: '1' });
  await teams.install(app.url as string);
  teams.fail(1000, 403);
  log();
  const health = async () => (await fetch(`${app.url}/console/health`)).text();
  await until('the refusal', async () => /Messages to teams .*are rejected/.test(await health()));
  await teams.stop();
});

test('a failing audit copy is reported, and resumes where it stopped', async () => {
  bench = await setUp({ mode: 'http' });
  let refuses = true;
  const taken: string[] = [];
  const url = await serve((_request, response, body) => {
    if (!refuses) taken.push(body);
    response.statusCode = refuses ? 500 : 200;
    response.end();
  });
  const app = await bench.start(configFile(`audit: {webhook: "${url}"}`));
  const health = async () => (await fetch(`${app.url}/console/health`)).text();
  log();
  const alert = await until('the alert', () => bench.slack.alerts()[0]);
  await bench.slack.press(alert, 'acknowledge', 'U0SAM0000', { url: app.url as string });
  await until('report', async () => (await health()).includes('The audit log is not copied to its webhook'));
  expect(
    value(await scrape(app.url as string), 'runwatch_audit_copy_lag_entries{place="webhook"}'),
  ).toBeGreaterThan(0);
  refuses = false;
  await until('over', async () => !(await health()).includes('The audit log is not copied'));
  expect(taken.length).toBeGreaterThan(0);
  expect(value(await scrape(app.url as string), 'runwatch_audit_copy_lag_entries{place="webhook"}')).toBe(0);
});

test('every process of a split deployment serves its own metrics and health', async () => {
  bench = await setUp({ mode: 'http' });
  const extra = { SLACK_CHANNEL: 'C0SOC0000' };
  const port = await freePort();
  const poller = await bench.start({ ...extra, RUNWATCH_METRICS_PORT: String(port) }, ['poll', 'enrich']);
  const deliverer = await bench.start(extra, ['deliver', 'respond']);
  const server = await bench.start(extra, ['serve']);
  expect(poller.url).toBeNull();
  expect(poller.healthUrl).toBe(`http://127.0.0.1:${port}`);
  log();
  await until('the alert', () => bench.slack.alerts().length === 1);
  const polling = await scrape(poller.healthUrl);
  expect(value(polling, 'runwatch_polls_total{result="ok"}')).toBeGreaterThan(0);
  expect(polling).toMatch(/runwatch_alerts_total\{.*\} 1/);
  await until('what was delivered', async () =>
    /runwatch_deliveries_total\{surface="slack",result="posted"\} 1/.test(await scrape(deliverer.healthUrl)),
  );
  for (const { healthUrl } of [poller, deliverer, server]) {
    const text = await scrape(healthUrl);
    expect(value(text, 'runwatch_redis_up')).toBe(1);
    expect(value(text, 'runwatch_subscriptions_watched')).toBeGreaterThan(1);
    expect(text).toContain(
      `runwatch_subscription_last_poll_timestamp_seconds{subscription="${subscriptions.sandbox}"}`,
    );
    expect(text).toMatch(/runwatch_alerts_open\{severity="\w+",state="\w+"\} 1/);
    expect(text).toMatch(/runwatch_queue_oldest_job_age_seconds\{queue="deliver"\} \d/);
    expect((await fetch(`${healthUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${healthUrl}/readyz`)).status).toBe(200);
  }
  expect((await fetch(`${poller.healthUrl}/console`)).status).toBe(404);
});

test('events that were read but that no process handles are reported', async () => {
  let ahead = 0;
  bench = await setUp({ mode: 'http', now: () => Date.now() + ahead });
  const app = await bench.start({}, ['poll', 'deliver', 'serve']);
  const health = async () => (await fetch(`${app.url}/console/health`)).text();
  log();
  await until('events that wait', async () =>
    /runwatch_queue_jobs\{queue="events",state="waiting"\} [1-9]/.test(await scrape(app.url as string)),
  );
  expect(await health()).not.toContain('raised no alert yet');
  ahead += 6 * 60_000;
  await until('report', async () => (await health()).includes('raised no alert yet'));
  await bench.start({}, ['enrich']);
  await until('over', async () => !(await health()).includes('raised no alert yet'));
});

test('without Redis the server starts and reports it, logs little, and stops within ten seconds of SIGTERM', async () => {
  bench = await setUp({ mode: 'none' });
  const [port, gone] = [await freePort(), await freePort()];
  const child: ChildProcess = spawn(process.execPath, [join(__dirname, '../../dist/cli.js'), 'start'], {
    env: {
      PATH: process.env.PATH,
      ...bench.env,
      REDIS_URL: `redis://127.0.0.1:${gone}`,
      RUNWATCH_SECRET: 'qb1mWQ0e6ys5aTz3jWcR7uKxv9N2dLhP',
      RUNWATCH_PORT: String(port),
      RUNWATCH_LOG_LEVEL: 'info',
    },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      out += chunk;
    });
  const startMs = Date.now();
  const url = `http://127.0.0.1:${port}`;
  await until('it lives', async () => (await fetch(`${url}/healthz`)).ok);
  const page = await fetch(`${url}/console`, { headers: { accept: 'text/html' } });
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('Redis does not answer')]);
  expect(value(await scrape(url), 'runwatch_redis_up')).toBe(0);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  const seconds = (Date.now() - startMs) / 1000;
  expect(out).toContain('Redis refuses the connection');
  expect(out.split('\n').filter(Boolean).length).toBeLessThanOrEqual(seconds + 5);
  const asked = Date.now();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(Date.now() - asked).toBeLessThan(10_000);
}, 60_000);

test('raising, posting and pressing an alert each log a line with its id', async () => {
  bench = await setUp({ mode: 'http' });
  const port = await freePort();
  const child = spawn(process.execPath, [join(__dirname, '../../dist/cli.js'), 'start'], {
    env: { PATH: process.env.PATH, ...bench.env, RUNWATCH_PORT: String(port), RUNWATCH_LOG_LEVEL: 'info' },
  });
  let out = '';
  child.stderr.on('data', (chunk) => {
    out += chunk;
  });
  const said = (msg: string) =>
    out.split('\n').flatMap((line) => (line.includes(`"msg":"${msg}`) ? [JSON.parse(line)] : []));
  await until('it lives', async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok);
  log();
  const alert = await until('the alert', () => bench.slack.alerts()[0]);
  await bench.slack.press(alert, 'acknowledge', 'U0SAM0000', {
    url: `http://127.0.0.1:${port}`,
  });
  const id = alert.metadata?.event_payload.alert_id;
  for (const msg of ['an alert was raised', 'an alert was posted', 'a press'])
    await until(msg, () => said(msg).some((line) => line.alertId === id));
  child.kill('SIGTERM');
  await once(child, 'exit');
}, 60_000);
