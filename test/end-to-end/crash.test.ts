import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { runCommand } from '../../src/demo/scenarios';
import type { Principal } from '../../src/demo/tenant/simulated-directory';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

let bench: Bench;
beforeAll(async () => {
  bench = await setUp({ mode: 'socket' });
});
afterAll(() => bench.stop());

const cli = join(__dirname, '../../dist/cli.js');

function startProcess(): ChildProcess {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [cli, 'start'], {
    env: { PATH, ...bench.env },
    stdio: 'ignore',
  });
}

/** A seeded generator, so that a failing run can be repeated from its printed seed. */
function random(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

test('the bot posts exactly one message per execution, even if it is killed at any moment', async () => {
  const { slack, tenant, world } = bench;
  const seed = Date.now() % 100_000;
  const next = random(seed);
  const machines = [world.vms.pay01, world.vms.pay02, ...world.vms.web.slice(0, 18)];
  const callerOf = (i: number): Principal => ({
    ...world.people.kim,
    id: `0000000${i % 10}-0000-4000-8000-00000000000${Math.floor(i / 10)}`,
    login: `user${i}@contoso.example`,
  });
  let killed = 0;
  let child = startProcess();
  slack.add({ method: 'chat.postMessage', times: 3, after: true });
  for (const [i, resourceId] of machines.entries()) {
    tenant.log({ name: runCommand, resourceId, caller: callerOf(i), at: Date.now() - 30_000, tookMs: 5000 });
    if (i % 4 !== 3) continue;
    const wanted = Math.floor(next() * (i + 1));
    await until(`message ${wanted} (seed ${seed})`, () => slack.alerts().length >= wanted, 60);
    child.kill('SIGKILL');
    killed++;
    child = startProcess();
  }
  await until(
    `every message (seed ${seed})`,
    () => {
      const texts = slack.alerts().map((message) => JSON.stringify(message.blocks));
      return (
        machines.every((id) => texts.some((text) => text.includes(id.split('/').at(-1) as string))) &&
        slack.alerts()
      );
    },
    120,
  );
  await until(
    'quiet',
    async () =>
      tenant.requests.length > 0 &&
      slack.alerts().every((m) => JSON.stringify(m.blocks).includes('Succeeded')),
    60,
  );
  child.kill('SIGTERM');
  await new Promise((done) => child.once('exit', done));
  const posted = slack.alerts().map((message) => message.metadata?.event_payload.alert_id);
  expect({ seed, killed, posted: posted.length }).toEqual({ seed, killed: 5, posted: machines.length });
  expect(new Set(posted).size).toBe(machines.length);
}, 240_000);
