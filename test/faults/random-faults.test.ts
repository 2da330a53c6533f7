import { runCommand } from '../../src/demo/scenarios';
import { until } from '../support/wait';
import { faultsOf } from './faults';
import { type Fleet, startFleet } from './fleet';
import { expectInvariants, type Run, settle } from './invariants';
import { createPeople } from './people';
import { createRandom, type Random } from './random';

/**
 * Injects random faults from printed seeds, while executions are logged and people press. FAULTS_SEED is the first
 * seed, FAULTS_SEEDS how many are tried in a row, FAULTS_ROUNDS the faults of each. A failure names its seed.
 */
const first = Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000);
const seeds = Array.from({ length: Number(process.env.FAULTS_SEEDS ?? 1) }, (_, i) => first + i);
const rounds = Number(process.env.FAULTS_ROUNDS ?? 5);
/** With sentinels, this round's fault is a failover. Counted from 0. */
const failoverRound = 2;
/** Seconds to wait for messages: a request without a response times out after a minute. */
const patience = Number(process.env.FAULTS_PATIENCE ?? 120);
/** Operations per round that run no command; each is three events. */
const noise = 30;

const setClock: (ms: number) => void = require('../support/moved-clock.cjs')();

/** Logs executions by distinct callers, so none form a burst. Some records are late, repeated or reversed. */
function logSome({ bench }: Fleet, callers: readonly string[], { next, pick }: Random): void {
  const { vms, people } = bench.world;
  const machines = [vms.pay01, vms.pay02, ...vms.web];
  const { tenant } = bench;
  for (let i = 0; i < noise; i++)
    tenant.log({
      name: 'Microsoft.Compute/virtualMachines/write',
      resourceId: pick(machines),
      caller: people.patchBot,
      at: Date.now() - 20_000,
      tookMs: 1000,
    });
  for (const login of callers) {
    const number = login.replace(/\D/g, '').padStart(8, '0');
    const records = tenant.log({
      name: runCommand,
      resourceId: pick(machines),
      caller: { ...people.kim, id: `${number}-0000-4000-8000-000000000000`, login },
      at: Date.now() - 30_000,
      tookMs: 5000,
    });
    const entries = tenant.state.log.splice(-records.length);
    if (next() < 0.3) entries.reverse();
    if (next() < 0.3) entries.push(...entries.map((entry) => ({ ...entry })));
    for (const entry of entries)
      tenant.state.log.push({ ...entry, visibleAt: Date.now() + Math.floor(next() * 3000) });
  }
}

let fleet: Fleet | undefined;
afterEach(async () => {
  setClock(0);
  await fleet?.stop();
  fleet = undefined;
});

test.each(seeds)(
  'despite any fault, each execution ends as one message and each press has one effect (FAULTS_SEED=%i)',
  async (seed) => {
    const withTeams = seed % 4 >= 2;
    const withSentinels = seed % 5 === 4;
    fleet = await startFleet({
      mode: seed % 2 === 0 ? 'http' : 'socket',
      withTeams,
      withSentinels,
      setClock,
    });
    const random = createRandom(seed);
    // Its own, because how often people choose depends on what is shown by then.
    const people = createPeople(fleet, createRandom(seed + 0.5));
    const faults = faultsOf(fleet, random);
    const injected: string[] = [];
    const callers: string[] = [];
    const { bench } = fleet;
    try {
      for (let round = 0; round < rounds; round++) {
        // Enough for lists to be used; Teams shows at most two messages per second.
        const count = withTeams ? 3 : 8;
        const logins = Array.from({ length: count }, (_, i) => `user${round * count + i}@contoso.example`);
        callers.push(...logins);
        logSome(fleet, logins, random);
        const isFailover = withSentinels && round === failoverRound;
        const topic = faults[isFailover ? 'redis' : random.pick(Object.keys(faults))] ?? {};
        const name = random.pick(Object.keys(topic));
        injected.push(name);
        const shown = bench.slack.alerts().map((m) => m.metadata?.event_payload.alert_id as string);
        await Promise.all([topic[name]?.(), people.pressSome(shown)]);
        await people.pressSome(shown);
        const wanted = Math.floor(random.next() * callers.length * 0.8);
        await until(`message ${wanted}`, () => bench.slack.alerts().length >= wanted, patience);
      }
      bench.slack.clear();
      bench.tenant.faults.clear();
      const run: Run = {
        callers,
        accepted: people.accepted,
        possibleCopies: injected.filter((name) =>
          /kill the deliverer|kill all|Teams’ response is lost/.test(name),
        ).length,
        mayLackWrites: injected.some((name) => name.startsWith('the master of Redis')),
      };
      await settle(fleet, people, run, patience);
      await expectInvariants(fleet, run);
      process.stdout.write(
        `faults: seed ${seed} passed (${injected.join(', ')}; ${people.accepted.length} presses)\n`,
      );
    } catch (error) {
      const message = `FAULTS_SEED=${seed} (${injected.join(', ')}): ${(error as Error).message}`;
      process.stdout.write(`faults: ${message}\n`);
      throw new Error(message, { cause: error });
    }
  },
  480_000,
);
