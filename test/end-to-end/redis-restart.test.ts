import { runCommand } from '../../src/demo/scenarios';
import { type Bench, setUp } from '../support/bot';
import { killRedis } from '../support/kill-redis';
import { until } from '../support/wait';

let bench: Bench;
afterEach(() => bench.stop());

test('a Redis restart loses no alert and duplicates none', async () => {
  bench = await setUp({ mode: 'http' });
  const { slack, tenant, world } = bench;
  await bench.start();
  const run = (i: number) =>
    tenant.log({
      name: runCommand,
      resourceId: world.vms.web[i] ?? '',
      caller: {
        ...world.people.kim,
        id: `0000000${i}-0000-4000-8000-000000000000`,
        login: `user${i}@contoso.example`,
      },
      at: Date.now() - 30_000,
      tookMs: 1000,
    });
  for (let i = 0; i < 4; i++) run(i);
  await until('some messages', () => slack.alerts().length >= 2);
  await killRedis(bench.redis.address);
  for (let i = 4; i < 8; i++) run(i);
  await until('all messages', () => slack.alerts().length >= 8, 60);
  await until(
    'every outcome',
    () => slack.alerts().every((m) => JSON.stringify(m.blocks).includes('Succeeded')),
    60,
  );
  const ids = slack.alerts().map((m) => m.metadata?.event_payload.alert_id);
  expect(ids).toHaveLength(8);
  expect(new Set(ids).size).toBe(8);
}, 150_000);
