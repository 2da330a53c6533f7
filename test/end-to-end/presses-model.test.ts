import fc from 'fast-check';
import type { ActionId, PressJob } from '../../src/actions/action';
import { actionDeps } from '../../src/app/action-deps';
import { type Azure, createAzure } from '../../src/azure/azure';
import { runCommand } from '../../src/demo/scenarios';
import type { Resource } from '../../src/demo/tenant/resources';
import type { Alert } from '../../src/domain/alerts/alert';
import { firstBrokenLink } from '../../src/domain/audit/audit-chain';
import { isPending } from '../../src/domain/measures/approval';
import { isHeld, isOpenFailure } from '../../src/domain/measures/measure';
import type { Presser } from '../../src/domain/people/person';
import { loadConfig } from '../../src/load-config';
import { createQueues, type Queues } from '../../src/pipeline/queues';
import { createPeople } from '../../src/presses/identify';
import { perform } from '../../src/presses/perform';
import type { PerformDeps } from '../../src/presses/perform-deps';
import { createPress } from '../../src/presses/press';
import { auditVerifier, createKeyring } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { connect } from '../../src/store/redis/connect';
import { createStore, type Store } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { signedPress } from '../support/signed-press';
import { until } from '../support/wait';

/** Number of random walks; the nightly job runs more. */
const numRuns = Math.min(Number(process.env.FUZZ_RUNS ?? 25), 300);

const tenant = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const samId = '11111111-0000-4000-8000-000000000001';
const leeId = '11111111-0000-4000-8000-000000000002';
const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`;
const otherId = 'https://x.example#sam';
const danaSlack = 'U0DANA000';

/** People as their surfaces identify them. Sam is one person in Slack, in Teams and signed in to the console. */
const people = {
  sam: { surface: 'slack', id: 'U0SAM0000', name: 'Sam', team: 'T1', objectId: samId, tenant },
  samInTeams: { surface: 'teams', id: samId, name: 'Sam', tenant },
  samInConsole: { surface: 'console', id: samId, name: 'Sam', objectId: samId, tenant, issuer },
  leeInConsole: { surface: 'console', id: leeId, name: 'Lee', objectId: leeId, tenant, issuer },
  elsewhere: { surface: 'console', id: otherId, name: 'Sam of another issuer', issuer: 'https://x.example' },
  token: { surface: 'console', id: 'console-token', name: 'the console token' },
  local: { surface: 'console', id: 'root', name: 'root' },
  local2: { surface: 'console', id: 'admin', name: 'admin' },
  lee: { surface: 'teams', id: leeId, name: 'Lee', tenant },
  max: { surface: 'slack', id: 'U0MAX0000', name: 'Max', team: 'T1' },
  eve: { surface: 'slack', id: 'U0EVE0000', name: 'Eve', team: 'T1' },
  dana: { surface: 'slack', id: danaSlack, name: 'Dana', team: 'T1', email: 'dana.reyes@contoso.example' },
  ops: { surface: 'cli', id: 'ops', name: 'ops' },
} satisfies Record<string, Presser>;
type Who = keyof typeof people;
const responders = [
  {
    who: ['U0SAM0000', samId, leeId, danaSlack, 'ops', otherId, 'console-token', 'root', 'admin'],
    may: 'all' as const,
    subscriptions: null,
  },
  { who: ['U0MAX0000'], may: ['acknowledge', 'lock'], subscriptions: null },
];

/** The action that undoes each kind of measure. */
const undoOf: Record<string, ActionId> = {
  isolation: 'release',
  lock: 'unlock',
  role: 'restore_role',
  'public-ip': 'attach_ip',
  power: 'start_machine',
  membership: 'add_member',
  account: 'enable_caller',
};
const measureActions = [
  'isolate',
  'lock',
  'revoke_role',
  'detach_ip',
  'deallocate',
  'restart',
  'remove_member',
  'disable_caller',
];
const pressableActions = [
  ...measureActions,
  ...Object.values(undoOf),
  'approve',
  'approve',
  'decline',
  'retry',
  'dismiss',
  'acknowledge',
];

let bench: Bench;
let store: Store;
let queues: Queues;
let azure: Azure;
let originals: Alert[];
let initialResources: Map<string, Resource>;
let directory: string;
const keyring = createKeyring({ current: 'a secret of this test, long enough', previous: null });

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const { tenant: arm, world } = bench;
  const network = world.vms.pay01.replace(/Compute.*/, 'Network');
  arm.resources.put(`${network}/publicIPAddresses/pip-pay-01`, {
    location: 'westeurope',
    properties: { ipAddress: '198.51.100.7', provisioningState: 'Succeeded' },
  });
  const nic = arm.resources.get(`${network}/networkInterfaces/vm-pay-01-nic0`);
  const [configuration] = nic.properties.ipConfigurations as [{ properties: Record<string, unknown> }];
  configuration.properties.publicIPAddress = { id: `${network}/publicIPAddresses/pip-pay-01` };
  const app = await bench.start();
  const common = { ip: '203.0.113.24', tookMs: 5000, name: runCommand };
  arm.log({ ...common, resourceId: world.vms.pay01, caller: world.people.dana, at: Date.now() - 90_000 });
  arm.log({ ...common, resourceId: world.vms.pay01, caller: world.people.kim, at: Date.now() - 80_000 });
  arm.log({ ...common, resourceId: world.vms.pay02, caller: world.people.dana, at: Date.now() - 70_000 });
  store = createStore(bench.redis.address, [], keyring.auditSigner());
  originals = await until('the alerts', async () => {
    const all = (await store.alerts.list()).filter((alert) => alert.ready);
    return all.length === 3 ? all : null;
  });
  await app.stop();
  queues = createQueues(bench.redis.address, createLog('silent'));
  azure = createAzure(loadConfig(bench.env), {
    tlsOptions: { ca: arm.ca },
    graphEndpoint: arm.endpoint,
  });
  initialResources = new Map(arm.resources.all().map((resource) => [resource.id, structuredClone(resource)]));
  directory = JSON.stringify(arm.directory.all());
});
afterAll(async () => {
  await queues.close();
  await store.close();
  await bench.stop();
});

/** The parts of the tenant that measures change, except the security groups that we create. */
const state = () =>
  JSON.stringify([
    bench.tenant.resources
      .all()
      .filter(({ type, name }) => !/SecurityGroups/i.test(type) || !name.startsWith('runwatch-'))
      .map(({ etag: _, ...rest }) => ({
        ...rest,
        properties: { ...rest.properties, createdOn: 0, createdBy: 0, provisioningState: 0, instanceView: 0 },
        power: JSON.stringify(rest.properties.instanceView ?? {}).match(/PowerState\/\w+/)?.[0],
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    bench.tenant.directory
      .all()
      .map((p) => ({ ...p, enabled: p.enabled ?? true, members: p.members?.toSorted() })),
  ]);

let copies = 0;
/** Resets the tenant and creates untouched copies of the alerts. */
async function fresh(): Promise<string[]> {
  const { tenant: arm } = bench;
  arm.faults.clear();
  for (const { id } of arm.resources.all()) if (!initialResources.has(id)) arm.resources.remove(id);
  for (const [id, resource] of initialResources) arm.resources.put(id, structuredClone(resource));
  for (const known of JSON.parse(directory)) arm.directory.add(known);
  const redis = connect(bench.redis.address);
  await redis.del(
    '{runwatch}:open-measures',
    '{runwatch}:open-approvals',
    '{runwatch}:audit',
    '{runwatch}:audit-head',
    '{runwatch}:audit-sequence',
    ...(await redis.keys('{runwatch}:record*')),
  );
  redis.disconnect();
  copies++;
  return Promise.all(
    originals.map(async (alert, index) => {
      const id = `RW-${String(copies).padStart(5, '0')}-${index}`;
      await store.alerts.update(id, () => ({ alert: { ...alert, id, rev: 0 } }), null);
      return id;
    }),
  );
}

class Crash extends Error {}

/** Azure, with a crash before or after its nth call. */
function crashingAzure(at: number, when: 'before' | 'after'): Azure {
  let calls = 0;
  const wrap = <T extends object>(object: T): T =>
    new Proxy(object, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value === 'object' && value !== null && name === 'directory') return wrap(value);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const call = ++calls;
          if (call === at && when === 'before') throw new Crash();
          const answer = Reflect.apply(value as (...args: unknown[]) => unknown, target, args);
          if (!(answer instanceof Promise) || call !== at) return answer;
          return answer.then(() => {
            throw new Crash();
          });
        };
      },
    });
  return wrap(azure);
}

/** A new press, or queued presses that run with a crash or a fault. */
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      press: fc.constantFrom(...pressableActions),
      by: fc.constantFrom(...(Object.keys(people) as Who[])),
      on: fc.integer({ min: 0, max: 2 }),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      jobs: fc.integer({ min: 1, max: 3 }),
      crashAt: fc.option(fc.integer({ min: 1, max: 25 })),
      when: fc.constantFrom('before' as const, 'after' as const),
      fault: fc.option(
        fc.constantFrom(
          { status: 429, retryAfter: 0 },
          { status: 503 },
          { status: 409 },
          { status: 412 },
          { status: 403 },
          { status: 500, after: true, cut: true },
        ),
      ),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

test('after any presses, faults and crashes, undo restores the original, nothing runs twice and all is audited', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 6, maxLength: 40 }),
      fc.boolean(),
      async (steps, needsFourEyes) => {
        const ids = await fresh();
        const before = state();
        const firstRequest = bench.tenant.requests.length;
        const fourEyes = needsFourEyes ? [...measureActions, ...Object.values(undoOf)] : [];
        const queue: { job: PressJob; attempt: number }[] = [];
        const presses: PressJob[] = [];
        let clock = Date.now() - 3_000_000;
        const press = async (
          action: ActionId,
          who: Who,
          alertId: string,
          twice = false,
          approvalId?: string,
        ) => {
          clock += 1000;
          const at = clock;
          const job = await signedPress(
            { alertId, action, by: people[who], ...(approvalId ? { input: { approvalId } } : {}) },
            { queues, now: () => at, keyring, getAlert: store.alerts.get, secretMatches: async () => true },
            String(at),
          );
          presses.push(job);
          queue.push({ job, attempt: 1 });
          if (twice) queue.push({ job: structuredClone(job), attempt: 1 });
        };
        const carryOut = async (entry: { job: PressJob; attempt: number }, around: Azure) => {
          try {
            await perform(entry.job, entry.attempt, depsFor(around, fourEyes));
          } catch (error) {
            queue.push({ ...entry, attempt: entry.attempt + (error instanceof Crash ? 0 : 1) });
          }
        };
        for (const each of steps) {
          if ('press' in each) {
            await press(each.press, each.by, ids[each.on] as string, each.twice);
            continue;
          }
          if (each.fault)
            bench.tenant.faults.add({
              when: /^(PUT|POST|PATCH|DELETE) (?!.*getByIds)/,
              times: each.times,
              ...each.fault,
            });
          const around = each.crashAt === null ? azure : crashingAzure(each.crashAt, each.when);
          await Promise.all(
            distinct(queue.splice(0, each.jobs), queue).map((entry) => carryOut(entry, around)),
          );
          bench.tenant.faults.clear();
        }
        const drain = async () => {
          while (queue.length > 0) await carryOut(queue.shift() as (typeof queue)[number], azure);
        };
        await drain();
        for (let round = 0; ; round++) {
          const left = await remainingOf(ids);
          if (left.waiting.length + left.failed.length + left.held.length === 0) break;
          if (round > 12) throw new Error(JSON.stringify(left));
          for (const { id, approvalId } of left.waiting) await press('decline', 'lee', id, false, approvalId);
          await drain();
          for (const id of left.failed) await press('retry', 'sam', id);
          await drain();
          for (const { id, undo } of (await remainingOf(ids)).held) {
            await press(undo, 'sam', id);
            await drain();
            if (needsFourEyes) await press('approve', 'lee', id);
            await drain();
          }
        }
        expect(JSON.parse(state())).toEqual(JSON.parse(before));

        const entries = await store.audit.read({ limit: 1_000_000 });
        const verify = auditVerifier(keyring.auditPublicKeys());
        expect(firstBrokenLink(entries, { verify })).toBeNull();
        for (const { at, by, action } of presses)
          expect([
            action,
            by.name,
            entries.some((entry) => entry.at === at && entry.by.id === by.id),
          ]).toEqual([action, by.name, true]);
        const executed = entries.filter(({ result }) => result === 'started' || result === 'done');
        expect(executed.filter(({ by }) => by.id === people.eve.id)).toEqual([]);
        expect(
          executed.filter(
            ({ by, action }) =>
              by.id === people.max.id &&
              !['acknowledge', 'lock', 'approve', 'decline', 'dismiss'].includes(action),
          ),
        ).toEqual([]);
        if (needsFourEyes) {
          const approvals = executed.filter(
            ({ action, result }) => action === 'approve' && result === 'done',
          );
          for (const { by, details } of approvals) {
            const asker = (details as { askedBy: Presser }).askedBy;
            const both = [asker, by].map(({ id }) => (id === samId ? people.sam.id : id));
            expect(both[0]).not.toBe(both[1]);
            expect(['ops', 'root', 'admin', 'console-token']).not.toContain(by.id);
            // Nothing says that the account of another issuer is not Sam's.
            if (both.includes(otherId))
              expect(both).toContainEqual(expect.stringMatching(/^(ops|root|admin|console-token)$/));
          }
        }
        const restarts = bench.tenant.requests
          .slice(firstRequest)
          .filter(({ path, status }) => /\/restart$/.test(path) && status < 400).length;
        const asked = presses.filter(({ action }) => action === 'restart' || action === 'retry').length;
        expect(restarts).toBeLessThanOrEqual(asked);
      },
    ),
    { numRuns },
  );
}, 900_000);

test('of each two pressers, one approves for the other only if they are provably two people', async () => {
  const inEntra: Record<string, Who[]> = {
    sam: ['sam', 'samInTeams', 'samInConsole'],
    lee: ['lee', 'leeInConsole'],
  };
  const isOf = (human: 'sam' | 'lee', who: Who) => inEntra[human]?.includes(who) ?? false;
  const areTwo = (a: Who, b: Who) => (isOf('sam', a) && isOf('lee', b)) || (a === 'sam' && b === 'dana');
  const all = Object.keys(people) as Who[];
  const byKim = originals.findIndex(
    ({ executions }) => executions[0]?.caller.id === bench.world.people.kim.id,
  );
  const approved: string[] = [];
  let at = Date.now() - 3_000_000;
  for (const asker of all)
    for (const approver of all) {
      // Dana is the caller of the other alerts, so she may not approve there.
      const alertId = (await fresh())[byKim] as string;
      for (const [action, who] of [
        ['isolate', asker],
        ['approve', approver],
      ] as const) {
        at += 1000;
        const pressing = { queues, now: () => at, keyring, getAlert: store.alerts.get };
        const job = await signedPress(
          { alertId, action, by: people[who] },
          { ...pressing, secretMatches: async () => true },
          String(at),
        );
        await perform(job, 1, depsFor(azure, ['isolate']));
      }
      const { approvals } = await store.measures.viewOf((await store.alerts.get(alertId)) as Alert);
      const isApproved = (await store.audit.read({ limit: 1_000_000 })).some(
        ({ action, result }) => action === 'isolate' && result === 'done',
      );
      if (isApproved) approved.push(`${asker} ${approver}`);
      expect(approvals.filter((one) => one.state === 'approved')).toEqual([]);
    }
  const expected = all.flatMap((a) =>
    all.flatMap((b) => (areTwo(a, b) || areTwo(b, a) ? [`${a} ${b}`] : [])),
  );
  expect(approved).toEqual(expected);
}, 300_000);

/** A queue never runs one job twice at the same time. */
function distinct<T extends { job: PressJob }>(taken: T[], queue: T[]): T[] {
  const seen = new Set<string>();
  return taken.filter((entry) => {
    const isNew = !seen.has(entry.job.pressId);
    seen.add(entry.job.pressId);
    if (!isNew) queue.push(entry);
    return isNew;
  });
}

async function remainingOf(ids: readonly string[]) {
  const views = await Promise.all(
    ids.map(async (id) => store.measures.viewOf((await store.alerts.get(id)) as Alert)),
  );
  return {
    waiting: views.flatMap(({ alert, approvals }) =>
      approvals
        .filter((one) => isPending(one, Date.now()))
        .map((one) => ({ id: alert.id, approvalId: one.id })),
    ),
    failed: views
      .filter(({ measures }) => measures.some(isOpenFailure))
      .map(({ alert }) => alert.id)
      .slice(0, 1),
    held: views
      .flatMap(({ alert, measures }) =>
        measures
          .filter((one) => isHeld(one) && undoOf[one.kind])
          .map(({ kind }) => ({ id: alert.id, undo: undoOf[kind] as ActionId })),
      )
      // Unlock first: our own lock blocks every other change.
      .sort((a, b) => Number(b.undo === 'unlock') - Number(a.undo === 'unlock'))
      .slice(0, 1),
  };
}

function depsFor(around: Azure, fourEyes: string[]): PerformDeps {
  const baseConfig = loadConfig(bench.env);
  const config = { ...baseConfig, responders, policy: { ...baseConfig.policy, fourEyes } };
  const log = createLog('silent');
  const deps = actionDeps({
    config,
    store,
    azure: around,
    queues,
    surfaces: [],
    people: createPeople({
      config,
      azure,
      surfaces: [],
      claimedGroups: async () => null,
      log,
      now: Date.now,
    }),
    keyring,
    press: createPress({
      queues,
      now: Date.now,
      keyring,
      getAlert: store.alerts.get,
      secretMatches: async () => true,
    }),
    metrics: createMetrics(),
    log,
    now: Date.now,
  });
  return {
    ...deps,
    show: async () => {},
    identify: async ({ by }) => ({ presser: by }),
    replyPrivately: async () => {},
  };
}
