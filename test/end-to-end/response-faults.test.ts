import type { ActionId, PressJob } from '../../src/actions/action';
import { actionDeps } from '../../src/app/action-deps';
import { type Azure, createAzure } from '../../src/azure/azure';
import type { ResponderRule } from '../../src/config/config';
import { runCommand } from '../../src/demo/scenarios';
import type { Resource } from '../../src/demo/tenant/resources';
import type { PimInstance } from '../../src/demo/tenant/tenant-state';
import { addChild, subscriptions } from '../../src/demo/world';
import type { Alert } from '../../src/domain/alerts/alert';
import { isHeld, type Measure } from '../../src/domain/measures/measure';
import type { Presser } from '../../src/domain/people/person';
import { loadConfig } from '../../src/load-config';
import { createQueues } from '../../src/pipeline/queues';
import { watchMeasures } from '../../src/pipeline/watch-measures';
import { createPeople } from '../../src/presses/identify';
import { perform } from '../../src/presses/perform';
import { createPress } from '../../src/presses/press';
import { createKeyring } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { connect } from '../../src/store/redis/connect';
import { createStore, type Store } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { signedPress } from '../support/signed-press';
import { until } from '../support/wait';

/**
 * Tests every action with a crash before and after each Azure call, and with an Azure failure at each write.
 * Each press ends as done or reports a failure, and the undo restores the original state.
 */
const actions: {
  action: ActionId;
  kind: string;
  undo?: ActionId;
  managed?: true;
  /** Azure would repeat this if asked again, so after a lost response the result is unknown. */
  once?: true;
}[] = [
  { action: 'isolate', kind: 'isolation', undo: 'release' },
  { action: 'lock', kind: 'lock', undo: 'unlock' },
  { action: 'revoke_role', kind: 'role', undo: 'restore_role' },
  { action: 'snapshot', kind: 'snapshot' },
  { action: 'restart', kind: 'restart', once: true },
  { action: 'deallocate', kind: 'power', undo: 'start_machine' },
  { action: 'detach_ip', kind: 'public-ip', undo: 'attach_ip' },
  { action: 'remove_member', kind: 'membership', undo: 'add_member' },
  { action: 'disable_caller', kind: 'account', undo: 'enable_caller' },
  { action: 'restore', kind: 'disks', undo: 'restore_old_disk' },
  { action: 'end_activation', kind: 'activation' },
  { action: 'clean_up', kind: 'leftover', managed: true },
];

let bench: Bench;
let store: Store;
let alerts: { plain: Alert; managed: Alert };
const sam: Presser = { surface: 'cli', id: 'U0SAM0000', name: 'Sam' };
let initialResources: Map<string, Resource>;
/** The PIM activation of the group's role. */
let activation: PimInstance;
let directory: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const { tenant, world } = bench;
  const network = world.vms.pay01.replace(/Compute.*/, 'Network');
  tenant.resources.put(`${network}/publicIPAddresses/pip-pay-01`, {
    location: 'westeurope',
    properties: { ipAddress: '198.51.100.7', provisioningState: 'Succeeded' },
  });
  const nic = tenant.resources.get(`${network}/networkInterfaces/vm-pay-01-nic0`);
  const [configuration] = nic.properties.ipConfigurations as [{ properties: Record<string, unknown> }];
  configuration.properties.publicIPAddress = { id: `${network}/publicIPAddresses/pip-pay-01` };
  activation = {
    id: '/x',
    name: 'i',
    properties: {
      principalId: world.groups.oncall.id,
      assignmentType: 'Activated',
      originRoleAssignmentId: '/x/4f0a9b1c-2d3e-4f50-6172-8394a5b6c7d8',
      endDateTime: '2027-01-01T10:00:00Z',
      scope: `/subscriptions/${subscriptions.payments}`,
      roleDefinitionId: '/x/9980e02c-c2be-4d73-94e8-173b1dc7cf3c',
    },
  };
  tenant.state.pimActive.push(activation);
  const app = await bench.start();
  const left = addChild(tenant, world.vms.pay02, 'runCommands', 'rc', { source: { script: 'ls' } });
  const common = { caller: world.people.dana, ip: '203.0.113.24', at: Date.now() - 60_000, tookMs: 5000 };
  tenant.log({ name: runCommand, resourceId: world.vms.pay01, ...common });
  tenant.log({ name: 'Microsoft.Compute/virtualMachines/runCommands/write', resourceId: left, ...common });
  store = createStore(bench.redis.address, [], keyring.auditSigner());
  const found = await until('both alerts', async () => {
    const all = (await store.alerts.list()).filter((alert) => alert.ready);
    return all.length === 2 ? all : null;
  });
  alerts = {
    plain: found.find((alert) => alert.technique === 'run-command') as Alert,
    managed: found.find((alert) => alert.technique === 'managed-run-command') as Alert,
  };
  await app.stop();
  initialResources = new Map(
    tenant.resources.all().map((resource) => [resource.id, structuredClone(resource)]),
  );
  directory = JSON.stringify(tenant.directory.all());
});
afterAll(async () => {
  await store.close();
  await bench.stop();
});

/** The parts of the tenant that responses change. */
const state = () =>
  JSON.stringify([
    bench.tenant.resources
      .all()
      .filter(({ type }) => !/snapshots|disks|locks|SecurityGroups/i.test(type))
      .map(({ etag: _, ...rest }) => ({
        ...rest,
        properties: { ...rest.properties, createdOn: 0, createdBy: 0 },
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    bench.tenant.directory
      .all()
      .map((p) => ({ ...p, enabled: p.enabled ?? true, members: p.members?.toSorted() })),
  ]);

function reset(): void {
  const { tenant } = bench;
  tenant.faults.clear();
  tenant.state.pimActive.splice(0, 1, structuredClone(activation));
  for (const { id } of tenant.resources.all()) if (!initialResources.has(id)) tenant.resources.remove(id);
  for (const [id, resource] of initialResources) tenant.resources.put(id, structuredClone(resource));
  for (const known of JSON.parse(directory)) tenant.directory.add(known);
}

class Crash extends Error {}

/** Azure, with a crash before or after its nth call. */
function crashingAzure(azure: Azure, at: number, when: 'before' | 'after', seen: { calls: number }): Azure {
  const wrap = <T extends object>(object: T): T =>
    new Proxy(object, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value === 'object' && value !== null && name === 'directory') return wrap(value);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const result = () => Reflect.apply(value as (...args: unknown[]) => unknown, target, args);
          const call = ++seen.calls;
          if (call === at && when === 'before') throw new Crash();
          const answer = result();
          if (!(answer instanceof Promise) || call !== at) return answer;
          return answer.then(() => {
            throw new Crash();
          });
        };
      },
    });
  return wrap(azure);
}

const keyring = createKeyring({ current: 'a secret of this test, long enough', previous: null });

let presses = 0;
async function press(
  alert: Alert,
  action: ActionId,
  input: Record<string, unknown> | undefined,
  around: (azure: Azure) => Azure = (azure) => azure,
  {
    by = sam,
    rules,
    attempts = 6,
    from = 1,
    again = false,
  }: {
    by?: Presser;
    rules?: readonly ResponderRule[];
    /** The last attempt; `from` is the first. */
    attempts?: number;
    from?: number;
    /** Repeats the previous press. */
    again?: boolean;
  } = {},
): Promise<string[]> {
  const whispers: string[] = [];
  const baseConfig = loadConfig(bench.env);
  const config = {
    ...baseConfig,
    responders: rules ?? baseConfig.responders,
    policy: { ...baseConfig.policy, fourEyes: [] },
  };
  const log = createLog('silent');
  const queues = createQueues(bench.redis.address, log);
  const real = realAzure();
  const pressing = {
    queues,
    now: Date.now,
    keyring,
    getAlert: store.alerts.get,
    secretMatches: async () => true,
  };
  const deps = actionDeps({
    config,
    store,
    azure: around(real),
    queues,
    surfaces: [],
    people: createPeople({
      config,
      azure: real,
      surfaces: [],
      claimedGroups: async () => null,
      log,
      now: Date.now,
    }),
    keyring,
    press: createPress(pressing),
    metrics: createMetrics(),
    log,
    now: Date.now,
  });
  const job =
    again && lastJob
      ? lastJob
      : await signedPress({ alertId: alert.id, action, by, input }, pressing, `${++presses}`);
  lastJob = job;
  const performDeps = {
    ...deps,
    show: async () => {},
    replyPrivately: async (_: PressJob, text: string) => void whispers.push(text),
  };
  for (let attempt = from; attempt <= attempts; attempt++) {
    try {
      await perform(job, attempt, performDeps);
      break;
    } catch (error) {
      if (error instanceof Crash) Object.assign(performDeps, { azure: real });
    }
  }
  await queues.close();
  return whispers;
}
let lastJob: PressJob | null = null;

const realAzure = () =>
  createAzure(loadConfig(bench.env), {
    tlsOptions: { ca: bench.tenant.ca },
    graphEndpoint: bench.tenant.endpoint,
  });

/** Checks whether the measures in force still hold, as the bot does every minute. */
const checkMeasures = () =>
  watchMeasures({
    store,
    azure: realAzure(),
    linkTo: () => null,
    show: async () => {},
    log: createLog('silent'),
    now: Date.now,
  });

let copies = 0;
/** Resets the tenant and returns an untouched copy of the alert, so that runs are independent. */
async function fresh(alert: Alert): Promise<Alert> {
  reset();
  const redis = connect(bench.redis.address);
  const records = await redis.keys('{runwatch}:record*');
  await redis.del('{runwatch}:open-measures', ...records);
  redis.disconnect();
  const id = `${alert.id.slice(0, 6)}${String(++copies).padStart(7, '0')}`;
  const stored = await store.alerts.update(id, () => ({ alert: { ...alert, id, rev: 0 } }), null);
  return stored as Alert;
}

async function measureOf(alert: Alert, kind: string): Promise<Measure | undefined> {
  const { measures } = await store.measures.viewOf((await store.alerts.get(alert.id)) as Alert);
  return measures.find((one) => one.kind === kind);
}

/** The state of the measure, and its reason if it has one. */
async function measureState(alert: Alert, kind: string): Promise<string> {
  const measure = await measureOf(alert, kind);
  return measure ? `${measure.state}${measure.reason ? `: ${measure.reason}` : ''}` : 'nothing';
}

const done = /^(in force|done)$/;
const unknown = /^failed: .*Azure did not respond, so the result is unknown/;

describe.each(actions)('$action', ({ action, kind, undo, managed, once }) => {
  const about = () => (managed ? alerts.managed : alerts.plain);

  test('survives a crash before and after each Azure call, and its undo restores the original state', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const alert = await fresh(about());
        const before = state();
        const seen = { calls: 0 };
        await press(alert, action, undefined, (azure) => crashingAzure(azure, at, when, seen));
        expect([when, at, await measureState(alert, kind)]).toEqual([
          when,
          at,
          expect.stringMatching(
            once && seen.calls >= at ? new RegExp(`${done.source}|${unknown.source}`) : done,
          ),
        ]);
        if (seen.calls < at) break;
        if (!undo) continue;
        await press(alert, undo, undefined, (azure) => crashingAzure(azure, at, when, { calls: 0 }));
        expect([when, at, await measureState(alert, kind)]).toEqual([when, at, 'undone']);
        expect(state()).toBe(before);
      }
    }
  }, 120_000);

  test.each([
    ['429', { status: 429, retryAfter: 0 }],
    ['503', { status: 503 }],
    ['409', { status: 409 }],
    ['412', { status: 412 }],
    ['a lost response', { status: 500, after: true, cut: true }],
    ['a cut connection', { status: 500, cut: true }],
  ])(
    '%s at any write ends as done, or as failed and then done after a retry; the undo reverts it',
    async (_, fault) => {
      for (let skip = 0; ; skip++) {
        const alert = await fresh(about());
        const before = state();
        const writes = () =>
          bench.tenant.requests.filter((r) => r.method !== 'GET' && !/getByIds/.test(r.path)).length;
        const base = writes();
        let left = skip;
        bench.tenant.faults.add({
          when: {
            test: (line: string) =>
              /^(PUT|POST|PATCH|DELETE) /.test(line) && !/getByIds/.test(line) && left-- === 0,
          } as RegExp,
          times: 1,
          ...fault,
        });
        await press(alert, action, undefined);
        if (!done.test(await measureState(alert, kind))) {
          const failed = await measureOf(alert, kind);
          expect(failed).toMatchObject({
            state: 'failed',
            reason: expect.stringContaining('did not go through'),
          });
          bench.tenant.faults.clear();
          await press(alert, skip % 2 === 0 ? action : 'retry', undefined);
        }
        expect([skip, await measureState(alert, kind)]).toEqual([skip, expect.stringMatching(done)]);
        if (undo) {
          bench.tenant.faults.clear();
          await press(alert, undo, undefined);
          expect(await measureState(alert, kind)).toBe('undone');
          expect(state()).toBe(before);
        }
        if (writes() - base <= skip || skip > 12) break;
      }
    },
    120_000,
  );
});

test('a machine that Runwatch locked must be unlocked before any other action', async () => {
  const alert = await fresh(alerts.plain);
  await press(alert, 'lock', undefined);
  expect(await measureState(alert, 'lock')).toBe('in force');
  for (const [action, kind] of [
    ['restart', 'restart'],
    ['deallocate', 'power'],
    ['restore', 'disks'],
  ] as const) {
    const before = bench.tenant.requests.length;
    expect((await press(alert, action, undefined)).join()).toContain('Unlock it first');
    expect(await measureState(alert, kind)).toBe('nothing');
    expect(bench.tenant.requests.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);
  }
});

test('a restart pressed again while in progress or shortly after restarts once', async () => {
  const alert = await fresh(alerts.plain);
  const restarts = () => bench.tenant.requests.filter(({ path }) => /\/restart$/.test(path)).length;
  const before = restarts();
  await Promise.all([1, 2, 3].map(() => press(alert, 'restart', undefined)));
  expect((await press(alert, 'restart', undefined)).join()).toContain('Wait 2 minutes');
  expect(restarts() - before).toBe(1);
});

test('a failure can be dismissed; its partial changes stay, and one press undoes them', async () => {
  const alert = await fresh(alerts.plain);
  const before = state();
  bench.tenant.faults.add({ when: /PUT .*vm-pay-01-nic1$/, status: 403 });
  await press(alert, 'isolate', undefined);
  bench.tenant.faults.clear();
  expect(await measureState(alert, 'isolation')).toMatch(/^failed: Isolate did not go through/);
  await press(alert, 'acknowledge', undefined);
  expect(await measureState(alert, 'isolation')).toMatch(/^failed/);
  await press(alert, 'dismiss', undefined);
  const measure = await measureOf(alert, 'isolation');
  expect(measure).toMatchObject({ dismissed: { by: expect.objectContaining({ id: sam.id }) } });
  expect(measure && isHeld(measure)).toBe(true);
  await press(alert, 'release', undefined);
  expect(state()).toBe(before);
});

test('an existing security group with our name gets our rules before it isolates anything', async () => {
  const alert = await fresh(alerts.plain);
  const group = `${bench.world.vms.pay01.replace(/Compute.*/, 'Network')}/networkSecurityGroups/runwatch-isolation-westeurope`;
  bench.tenant.resources.put(group, {
    location: 'westeurope',
    properties: {
      securityRules: [
        {
          name: 'AllowAll',
          properties: {
            priority: 100,
            direction: 'Inbound',
            access: 'Allow',
            protocol: '*',
            sourceAddressPrefix: '*',
            sourcePortRange: '*',
            destinationAddressPrefix: '*',
            destinationPortRange: '*',
          },
        },
      ],
    },
  });
  await press(alert, 'isolate', undefined);
  const rules = bench.tenant.resources.get(group).properties.securityRules as { name: string }[];
  expect(rules.map(({ name }) => name).sort()).toEqual(['DenyInbound', 'DenyOutbound']);
  expect((await measureOf(alert, 'isolation'))?.checked).toMatchObject({ verified: true, notes: [] });
});

test('isolation that Azure does not confirm is not marked as verified', async () => {
  const alert = await fresh(alerts.plain);
  bench.tenant.faults.add({ when: /POST .*effectiveNetworkSecurityGroups/, status: 403 });
  bench.tenant.state.adminRules.push({
    kind: 'Custom',
    id: '/rules/remote-desktop',
    properties: {
      access: 'AlwaysAllow',
      direction: 'Inbound',
      displayName: 'remote-desktop',
      protocol: 'Tcp',
      priority: 1,
    },
  });
  await press(alert, 'isolate', undefined);
  bench.tenant.faults.clear();
  bench.tenant.state.adminRules.length = 0;
  const { state: stands, checked } = (await measureOf(alert, 'isolation')) as Measure;
  expect(stands).toBe('in force');
  expect(checked?.verified).toBe(false);
  expect(checked?.notes.join()).toMatch(
    /effective rules of .* could not be read.*always allows incoming traffic by remote-desktop/,
  );
});

test('a restart that Azure accepted is not repeated if its progress can’t be read', async () => {
  const alert = await fresh(alerts.plain);
  const restarts = () => bench.tenant.requests.filter(({ path }) => /\/restart$/.test(path)).length;
  const before = restarts();
  bench.tenant.faults.add({ when: /^GET .*operations?(Results)?\//i, status: 503 });
  await press(alert, 'restart', undefined);
  bench.tenant.faults.clear();
  expect(restarts() - before).toBe(1);
});

test('a forged record in Redis changes nothing in Azure', async () => {
  const alert = await fresh(alerts.plain);
  bench.tenant.faults.add({ when: /DELETE .*roleAssignments/, status: 403 });
  await press(alert, 'revoke_role', undefined);
  bench.tenant.faults.clear();
  const failed = (await measureOf(alert, 'role')) as Measure;
  const properties = {
    ...(failed.before.properties as object),
    principalId: 'a77ac4e4-0000-4000-8000-000000000000',
  };
  await store.measures.update(failed.id, (current) =>
    current ? { measure: { ...current, way: 'undo', before: { ...current.before, properties } } } : null,
  );
  const before = bench.tenant.requests.length;
  await press(alert, 'retry', undefined);
  await press(alert, 'restore_role', undefined);
  const changes = bench.tenant.requests.slice(before).filter(({ method }) => method !== 'GET');
  expect(changes.filter(({ path }) => /roleAssignments/.test(path))).toEqual([]);
  expect(await measureState(alert, 'role')).toMatch(/was modified outside Runwatch/);
});

test('a responder who may only acknowledge cannot retry a failure, even after a failed retry', async () => {
  const alert = await fresh(alerts.plain);
  bench.tenant.faults.add({ when: /DELETE .*roleAssignments/, status: 403 });
  await press(alert, 'revoke_role', undefined);
  await press(alert, 'retry', undefined);
  bench.tenant.faults.clear();
  const rules = [{ who: ['max'], may: ['acknowledge', 'dismiss'], subscriptions: null }];
  const whispers = await press(alert, 'retry', undefined, undefined, { by: { ...sam, id: 'max' }, rules });
  expect(whispers.join()).toContain('not among the responders who may revoke role');
  expect(await measureState(alert, 'role')).toMatch(/^failed/);
});

test('a rebuilt machine is not shown as isolated, and a deleted interface needs no release', async () => {
  const alert = await fresh(alerts.plain);
  await press(alert, 'isolate', undefined);
  const { resources } = bench.tenant;
  const vm = resources.get(bench.world.vms.pay01);
  const [old] = (vm.properties.networkProfile as { networkInterfaces: { id: string }[] }).networkInterfaces;
  const nic = resources.get(old?.id ?? '');
  const { networkSecurityGroup: _, ...open } = nic.properties;
  resources.remove(nic.id);
  const renewed = `${nic.id}-new`;
  resources.put(renewed, { ...nic, id: renewed, properties: open });
  (vm.properties.networkProfile as { networkInterfaces: { id: string }[] }).networkInterfaces[0] = {
    id: renewed,
  };
  await checkMeasures();
  expect(await measureState(alert, 'isolation')).toMatch(
    /^drifted: .*no longer exists.*was added and is not isolated/,
  );
  await press(alert, 'isolate', undefined);
  expect(await measureState(alert, 'isolation')).toBe('in force');
  await press(alert, 'release', undefined);
  expect(await measureState(alert, 'isolation')).toBe('undone');
  expect(resources.get(renewed).properties.networkSecurityGroup).toBeUndefined();
  expect(resources.get(`${nic.id.slice(0, -1)}1`).properties.networkSecurityGroup).toBeUndefined();
});

test('a manual undo is reported, and the action can be repeated', async () => {
  const alert = await fresh(alerts.plain);
  await press(alert, 'disable_caller', undefined);
  expect(await measureState(alert, 'account')).toBe('in force');
  const dana = bench.tenant.directory.all().find(({ id }) => id === bench.world.people.dana.id);
  bench.tenant.directory.add({ ...(dana as NonNullable<typeof dana>), enabled: true });
  await checkMeasures();
  expect(await measureState(alert, 'account')).toBe('drifted: someone enabled dana.reyes@contoso.example');
  await press(alert, 'disable_caller', undefined);
  expect(await measureState(alert, 'account')).toBe('in force');
});

test('a press that is refused on a later attempt leaves nothing in progress', async () => {
  const alert = await fresh(alerts.plain);
  bench.tenant.faults.add({ when: /PUT .*vm-pay-01-nic1$/, status: 503 });
  await press(alert, 'isolate', undefined, undefined, { attempts: 1 });
  bench.tenant.faults.clear();
  expect(await measureState(alert, 'isolation')).toBe('doing');
  await press(alert, 'isolate', undefined, undefined, { attempts: 2, from: 2, rules: [], again: true });
  expect(await measureState(alert, 'isolation')).toMatch(/^failed: No responders are configured/);
  await press(alert, 'release', undefined);
  expect(await measureState(alert, 'isolation')).toBe('undone');
});
