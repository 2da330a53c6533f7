import { connect } from '../../src/store/redis/connect';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

/** Longer than a job's lock and the interval of the check for stalled jobs. */
const pausedMs = 30_000;

let bench: Bench;
afterEach(() => bench.stop());

test('a 30-second pause of Redis loses nothing, and nothing is done twice', async () => {
  bench = await setUp({ mode: 'http' });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  const { vms } = bench.world;
  const app = await bench.start();
  runOn(bench, vms.pay01);
  const before = await alertOn(bench, 'vm-pay-01');
  const redis = connect(bench.redis.address);
  const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
  redis.disconnect();

  for (const machine of vms.web.slice(0, 3)) runOn(bench, machine, { caller: bench.world.people.kim });
  const polls = () => bench.tenant.requests.filter(({ path }) => path.includes('eventtypes')).length;
  const seen = polls();
  await until('a poll in progress', () => polls() > seen);
  process.kill(pid, 'SIGSTOP');
  const press = bench.slack.press(before, 'acknowledge', 'U0SAM0000', { url: app.url as string });
  await Promise.allSettled([press, new Promise((done) => setTimeout(done, pausedMs))]);
  process.kill(pid, 'SIGCONT');

  await until(
    'each execution in its final state',
    () =>
      bench.slack.alerts().length >= 4 && bench.slack.alerts().every((m) => textOf(m).includes('Succeeded')),
    90,
  );
  const ids = bench.slack.alerts().map((m) => m.metadata?.event_payload.alert_id);
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(4);
  const id = before.metadata?.event_payload.alert_id as string;
  const acknowledged = () => textOf(bench.slack.messageOf(id)).includes('Acknowledged by *Sam Ortiz*');
  if (!acknowledged() && (await press.catch(() => null))?.status !== 200)
    await bench.slack.press(before, 'acknowledge', 'U0SAM0000', { url: app.url as string });
  await until('the press', acknowledged, 60);
}, 240_000);
