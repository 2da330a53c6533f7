import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describeRedis } from '../../src/store/redis/describe-redis';
import { runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { createServers } from '../support/redis-servers';
import { until } from '../support/wait';

let bench: Bench;
let servers: ReturnType<typeof createServers>;
beforeEach(async () => {
  servers = createServers();
  bench = await setUp({ mode: 'http' });
});
afterEach(async () => {
  await bench.stop();
  servers.stop();
});

const messageOn = (machine: string) =>
  until(
    `the message on ${machine}`,
    () => bench.slack.alerts().find((m) => textOf(m).includes(machine) && textOf(m).includes('Succeeded')),
    60,
  );

test.each([
  ['a cluster whose master dies', 'cluster'],
  ['a Sentinel setup whose master dies', 'sentinels'],
] as const)(
  'with %s nothing is lost and nothing is done twice',
  async (_, kind) => {
    const { url, master } = await servers[kind]();
    const described = await until('its description', () => describeRedis({ url }));
    expect(described).toMatchObject({ appendOnly: true, policy: 'noeviction' });
    const app = await bench.start({ REDIS_URL: url, RUNWATCH_SECRET: 'qb1mWQ0e6ys5aTz3jWcR7uKxv9N2dLhP' });
    const { pay01, pay02 } = bench.world.vms;
    runOn(bench, pay01);
    const first = await messageOn('vm-pay-01');
    bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
    const to = { url: app.url as string };
    await bench.slack.press(first, 'isolate', 'U0SAM0000', to);
    await until('isolated', () => textOf(first).includes('Isolated:'));
    const dying = master();
    await servers.waitForReplica(dying);
    await servers.kill(dying);
    runOn(bench, pay02);
    await until('another master', () => master() !== 0 && master() !== dying, 40);
    const second = await messageOn('vm-pay-02');
    await bench.slack.press(first, 'release', 'U0SAM0000', to);
    await until('released', () => textOf(first).includes('Released:'), 40);
    await bench.slack.press(second, 'acknowledge', 'U0SAM0000', to);
    await until('acknowledged', () => textOf(second).includes('Acknowledged by'), 40);
    expect(bench.slack.alerts()).toHaveLength(2);
  },
  150_000,
);

test('if the polling process dies, another one polls within thirty seconds', async () => {
  const poller = () =>
    spawn(process.execPath, [join(__dirname, '../../dist/cli.js'), 'start', '--roles', 'poll,enrich'], {
      env: { PATH: process.env.PATH, ...bench.env },
      stdio: 'ignore',
    });
  await bench.start({}, ['deliver']);
  const polls = () => bench.tenant.requests.filter(({ path }) => path.includes('eventtypes')).length;
  const one = poller();
  await until('the first polls', () => polls() > 2, 30);
  const other = poller();
  runOn(bench, bench.world.vms.pay01);
  await messageOn('vm-pay-01');
  const before = polls();
  await until('more polls, one a second', () => polls() > before + 2);
  one.kill('SIGKILL');
  const died = Date.now();
  runOn(bench, bench.world.vms.pay02);
  await messageOn('vm-pay-02');
  expect((Date.now() - died) / 1000).toBeLessThan(30);
  expect(bench.slack.alerts()).toHaveLength(2);
  other.kill('SIGKILL');
}, 120_000);
