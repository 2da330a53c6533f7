import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runCommand } from '../../src/demo/scenarios';
import { createStore } from '../../src/store/store';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { type SimulatedEventHub, startEventHub } from '../support/event-hub';
import { exported } from '../support/export-shape';
import { killRedis } from '../support/kill-redis';
import { until } from '../support/wait';

let bench: Bench;
let hub: SimulatedEventHub;
beforeEach(async () => {
  bench = await setUp({ mode: 'http' });
  hub = await startEventHub();
  bench.env.EVENT_HUB_CONNECTION_STRING = hub.connectionString;
});
afterEach(async () => {
  await bench.stop();
  await hub.stop();
});

/** Somebody runs a command. Polls see it only after `delayMs`, by default one hour. */
const run = (i: number, delayMs = 3_600_000) =>
  bench.tenant.log(
    {
      name: runCommand,
      resourceId: bench.world.vms.web[i] ?? '',
      caller: {
        ...bench.world.people.kim,
        id: `0000000${i}-0000-4000-8000-000000000000`,
        login: `user${i}@contoso.example`,
      },
      at: Date.now() - 30_000,
      tookMs: 1000,
    },
    { delayMs },
  );
const alertIds = () => bench.slack.alerts().map((m) => m.metadata?.event_payload.alert_id);
const allSucceeded = () => bench.slack.alerts().every((m) => textOf(m).includes('Succeeded'));

test('an execution from the hub that the log shows later is one alert, with each event counted once', async () => {
  await bench.start();
  await until('the hub is read', () => hub.readers().length === 2);
  const records = run(0, 33_000);
  hub.append(0, exported(records));
  const message = await until('the message', () => bench.slack.alerts()[0]);
  await until('the outcome', allSucceeded);
  const seen = () => bench.tenant.requests.filter((r) => r.path.includes('eventtypes')).length;
  const last = Math.max(...records.map(({ eventTimestamp }) => Date.parse(String(eventTimestamp))));
  await until('the log shows it', () => Date.now() > last + 33_000);
  const before = seen();
  await until('polls after that', () => seen() > before + 6);
  expect(alertIds()).toHaveLength(1);
  const store = createStore(bench.redis.address, []);
  const alert = await store.alerts.get(message.metadata?.event_payload.alert_id as string);
  await store.close();
  expect(alert?.executions.map(({ eventIds }) => eventIds.length)).toEqual([3]);
});

test('a restart, cut connections and a Redis outage lose nothing and duplicate nothing', async () => {
  const first = await bench.start();
  await until('the hub is read', () => hub.readers().length === 2);
  hub.append(0, exported(run(0)));
  hub.append(1, exported(run(1)));
  await until('two messages', () => alertIds().length === 2);
  await first.stop();
  hub.append(0, exported(run(2)));
  hub.append(1, exported(run(3)));
  await bench.start();
  await until('four messages', () => alertIds().length === 4, 40);
  expect(hub.sent()).toBe(4);
  hub.cut();
  hub.append(0, exported(run(4)));
  await until('five messages', () => alertIds().length === 5, 60);
  await killRedis(bench.redis.address);
  hub.append(1, exported(run(5)));
  await until('six messages', () => alertIds().length === 6, 60);
  await until('every outcome', allSucceeded, 60);
  expect(new Set(alertIds()).size).toBe(6);
}, 240_000);

test('processes share the partitions, and when one stops the other takes over', async () => {
  const first = await bench.start();
  await bench.start({}, ['poll']);
  const clients = () => new Set(hub.readers().map(({ client }) => client)).size;
  await until('one partition each', () => hub.readers().length === 2 && clients() === 2, 60);
  await first.stop();
  await until('both with who is left', () => hub.readers().length === 2 && clients() === 1, 60);
  await bench.start({}, ['enrich', 'deliver']);
  hub.append(0, exported(run(0)));
  hub.append(1, exported(run(1)));
  await until('two messages', () => alertIds().length === 2, 40);
}, 180_000);

test('records of other kinds are stored as unreadable; subscriptions that are not configured are ignored', async () => {
  await bench.start({ AZURE_SUBSCRIPTION_IDS: bench.world.vms.pay01.split('/')[2] as string });
  await until('the hub is read', () => hub.readers().length === 2);
  const foreign = JSON.stringify(exported(run(0))).replace(
    /\/subscriptions\/[0-9a-f-]{36}/gi,
    '/subscriptions/00000000-0000-4000-8000-00000000000f',
  );
  hub.append(0, foreign);
  hub.append(0, '{"records":[{"time":');
  hub.append(0, { records: [{ time: 'x', operationName: runCommand }, null, 7] });
  hub.append(0, exported(run(1)));
  await until('the message', () => alertIds().length === 1);
  const store = createStore(bench.redis.address, []);
  const reasons = (await store.polls.unreadable()).map(({ reason }) => reason);
  await store.close();
  expect(reasons).toHaveLength(4);
  await until('the caller', () => textOf(bench.slack.alerts()[0]).includes('user1@contoso.example'));
});

test('a rejected key is reported on the health page and by doctor, with a fix', async () => {
  const wrong = hub.connectionString.replace(/SharedAccessKey=[^;]+/, 'SharedAccessKey=d3Jvbmc=');
  bench.env.EVENT_HUB_CONNECTION_STRING = wrong;
  const app = await bench.start();
  const health = async () => (await fetch(`${app.url}/console/health`)).text();
  await until('the hub is named', async () => /the event hub: .*InvalidSignature/.test(await health()), 60);

  const doctor = (extra: Record<string, string>) =>
    new Promise<string>((done) => {
      const program = spawn(process.execPath, [join(__dirname, '../../dist/cli.js'), 'doctor', '--json'], {
        env: { PATH: process.env.PATH, ...bench.env, ...extra },
      });
      let out = '';
      program.stdout.on('data', (chunk) => {
        out += chunk;
      });
      program.on('close', () => done(out.split('\n').find((line) => line.includes('"event hub"')) ?? out));
    });
  expect(JSON.parse(await doctor({}))).toMatchObject({
    ok: false,
    says: expect.stringContaining('InvalidSignature'),
    fix: expect.stringContaining('Listen'),
  });
  expect(JSON.parse(await doctor({ EVENT_HUB_CONNECTION_STRING: hub.connectionString }))).toMatchObject({
    ok: true,
    says: 'insights-activity-logs is readable, 2 partitions',
  });
  expect(await health()).not.toContain('d3Jvbmc=');
}, 120_000);
