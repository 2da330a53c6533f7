import { randomUUID } from 'node:crypto';
import { createAzure } from '../../src/azure/azure';
import { messageOf } from '../../src/chat/message';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import { toThreadCard } from '../../src/chat/teams/thread-card';
import { recordsOf } from '../../src/demo/tenant/records';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { addMachine, populateTenant, subscriptions, type World } from '../../src/demo/world';
import type { ActivityEvent } from '../../src/domain/activity/activity-event';
import { normalize } from '../../src/domain/activity/read-record';
import type { Alert } from '../../src/domain/alerts/alert';
import { defaultPoints } from '../../src/domain/alerts/score';
import type { Exception } from '../../src/domain/exceptions/exception';
import { loadConfig } from '../../src/load-config';
import { addEvidence, type IngestDeps, ingest } from '../../src/pipeline/ingest';
import { createQueues, type Queues } from '../../src/pipeline/queues';
import { createGeoDatabases } from '../../src/runtime/geo-databases';
import { contentHashes } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { pageTextOf } from '../support/alert-page';
import { untouched } from '../support/alerts';
import {
  addWorkspace,
  auditRow,
  connectionEvent,
  deviceInfo,
  processEvent,
  signInRow,
  syslog,
  workspaceId,
} from '../support/logs';
import { type OwnStore, startStore, testKeyring } from '../support/store';

const minute = 60_000;
const start = Date.now() - 10 * minute;

let tenant: Tenant;
let world: World;
let own: OwnStore;
let queues: Queues;
let deps: IngestDeps;
let add: ReturnType<typeof addWorkspace>;
let now: number;
let dana: string;
let vm: string;

beforeAll(async () => {
  own = await startStore(['slack']);
  queues = createQueues(own.address, createLog('silent'));
});
afterAll(async () => {
  await queues.close();
  await own.stop();
});
beforeEach(async () => {
  now = Date.now();
  tenant = await startTenant({ now: () => now });
  world = populateTenant(tenant);
  add = addWorkspace(tenant);
  dana = randomUUID();
  world.people.dana = { ...world.people.dana, id: dana, login: `${dana}@contoso.example` };
  vm = addMachine(tenant, `vm-${dana.slice(0, 8)}`, {
    subscription: subscriptions.payments,
    resourceGroup: 'rg',
  });
  const config = loadConfig({
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
    LOG_ANALYTICS_WORKSPACE_ID: workspaceId,
  });
  await queues.evidence.drain(true);
  deps = {
    store: own.store,
    azure: createAzure(config, {
      tlsOptions: { ca: tenant.ca },
      graphEndpoint: tenant.endpoint,
      logAnalyticsEndpoint: tenant.endpoint,
      now: () => now,
    }),
    policy: {},
    geo: createGeoDatabases(),
    queues,
    metrics: createMetrics(),
    log: createLog('silent'),
    judging: { points: defaultPoints },
    detections: {},
    hashes: contentHashes(testKeyring),
    keyring: testKeyring,
    workspaceId: config.workspaceId,
    now: () => now,
  };
});
afterEach(() => tenant.stop());

const events = (resourceId = vm, at = start): ActivityEvent[] =>
  recordsOf(
    {
      name: 'Microsoft.Compute/virtualMachines/runCommand/action',
      resourceId,
      caller: world.people.dana,
      ip: '203.0.113.24',
      at,
      tookMs: 5000,
      correlationId: randomUUID(),
    },
    tenant.state.tenantId,
  ).flatMap((record) => {
    const result = normalize(record);
    return 'event' in result ? [result.event] : [];
  });

async function raised(given = events()): Promise<Alert> {
  await ingest({ events: given }, deps);
  const [alert] = (await own.store.alerts.list({ limit: 50 }))
    .filter(({ executions }) => executions.some(({ caller }) => caller.id === dana))
    .sort((a, b) => b.executions.length - a.executions.length);
  if (!alert) throw new Error('no alert');
  return alert;
}
async function later(alert: Alert): Promise<Alert> {
  await addEvidence({ alertId: alert.id }, deps);
  return (await own.store.alerts.get(alert.id)) as Alert;
}
const queued = async () =>
  (await queues.evidence.getJobs(['waiting', 'delayed', 'prioritized'])).map(({ opts }) =>
    Math.round((opts.delay ?? 0) / 1000),
  );
const untilComplete = () => Math.round((start + 20 * minute - now) / 1000);
const logQueries = () =>
  tenant.requests
    .filter(({ path }) => path.startsWith('/v1/workspaces/'))
    .map(({ body }) => (body as { query: string }).query.split('\n')[0]);
const model = (alert: Alert) => messageOf(untouched(alert), { responders: true, now });
const threadText = (alert: Alert) => JSON.stringify(model(alert).thread());

const agent = { pid: 900, name: 'run-command-extension' };
function addGuestLogs(commandLine = 'bash /var/lib/waagent/run-command/download/0/script.sh'): void {
  add('DeviceInfo', deviceInfo(start - minute, 'd1', vm));
  add(
    'DeviceProcessEvents',
    processEvent(start + 1000, 'd1', 901, commandLine, agent),
    processEvent(start + 2000, 'd1', 902, 'curl -s https://198.51.100.7/x', { pid: 901, name: 'bash' }),
    processEvent(start + 500, 'd1', 50, 'run-parts /etc/cron.hourly', { pid: 2, name: 'cron' }),
  );
  add(
    'DeviceNetworkEvents',
    connectionEvent(start + 3000, 'd1', { pid: 902, name: 'curl' }, { ip: '198.51.100.7', port: 443 }),
  );
  add('Syslog', syslog(start + 4000, vm, 'sshd', 'Accepted publickey for root from 203.0.113.5 port 5 ssh2'));
}

test('what happened on the machine is read after the alert, and shown in three lines and as a tree', async () => {
  addGuestLogs();
  const alert = await raised();
  expect(alert.facts.guest).toBeUndefined();
  expect(await queued()).toEqual([0]);
  const read = await later(alert);
  const part = model(read)
    .thread()
    .find(({ heading }) => heading.startsWith('Guest evidence'));
  expect(
    part?.lines.map((line) =>
      line.map((one) => (typeof one === 'string' ? one : Object.values(one)[0])).join(''),
    ),
  ).toEqual([
    'Processes: 2 by commands from Azure, 3 in all · bash /var/lib/waagent/run-command/download/0/script.sh · curl -s https://198.51.100.7/x',
    'Logons: 1 logon · root (publickey) from 203.0.113.5',
    'Connections: 1 connection · curl → 198.51.100.7:443',
  ]);
  const page = pageTextOf(untouched(read), { now });
  expect(page).toMatch(/<h2>Guest evidence<\/h2>/);
  expect(page).toMatch(/script\.sh<\/code>.*?<ul><li>.*?curl -s https:.*?<\/ul><\/li>.*run-parts/s);
});

test('secrets in command lines are redacted before they are stored', async () => {
  addGuestLogs('mysql -h db -u app --password=hunter2-hunter2 -e "select 1"');
  const url = `https://pay.blob.core.windows.net/x?sv=1&sig=${'hunter2'.repeat(6)}`;
  add(
    'DeviceNetworkEvents',
    connectionEvent(start + 5000, 'd1', { pid: 902, name: 'curl' }, { ip: '', port: 443, url }),
  );
  const read = await later(await raised());
  expect(JSON.stringify(read)).not.toContain('hunter2');
  expect(JSON.stringify(read.facts.guest)).toContain('[password redacted]');
  expect(pageTextOf(untouched(read), { now })).toContain('Redacted: password, Azure SAS signature.');
});

test('late logs are read once more when they are complete, and then never', async () => {
  addGuestLogs();
  const first = await later(await raised());
  expect(first.facts.guest?.[vm.toLowerCase()]).toMatchObject({ final: false, counts: { processes: 3 } });
  const asked = logQueries().length;
  await later(first);
  expect(logQueries().length).toBe(asked);
  expect((await queued()).at(-1)).toBe(untilComplete());

  add('DeviceProcessEvents', processEvent(start + 4000, 'd1', 903, 'id', { pid: 901, name: 'bash' }));
  now = start + 20 * minute;
  await queues.evidence.drain(true);
  const second = await later(first);
  expect(second.facts.guest?.[vm.toLowerCase()]).toMatchObject({ final: true, counts: { processes: 4 } });
  expect(second.facts.signIns).toMatchObject({ final: true });
  expect(await queued()).toEqual([]);
  const all = logQueries().length;
  await later(second);
  expect(logQueries().length).toBe(all);
});

test('the next readings are queued once, however often the alert is raised', async () => {
  addGuestLogs();
  const given = events();
  await raised(given);
  await raised(given);
  expect(await queued()).toEqual([0]);
});

test('a risky sign-in before the command scores in the first message', async () => {
  add(
    'SigninLogs',
    signInRow(start - 40 * minute, dana, {
      RiskLevelDuringSignIn: 'high',
      RiskEventTypes_V2: '["anonymizedIPAddress"]',
    }),
    signInRow(start - 30 * minute, randomUUID(), { IPAddress: '198.51.100.99' }),
  );
  add(
    'AuditLogs',
    auditRow(start - 20 * minute, 'Add member to role completed (PIM activation)', {
      by: { user: { id: dana, userPrincipalName: 'dana@contoso.example' } },
      on: [{ id: 'r', displayName: 'Contributor', type: 'Role' }],
      reason: 'INC-7, password=hunter2-hunter2',
    }),
  );
  const alert = await raised();
  expect(alert.reasons).toContainEqual({
    id: 'riskySignIn',
    points: 20,
    text: 'risky sign-in 40 min before',
  });
  expect(JSON.stringify(model(alert).keyFacts)).toContain('risky sign-in 40 min before');
  const shown = threadText(alert);
  expect(shown).toContain('risk high');
  expect(shown).toContain('Frankfurt, DE');
  expect(shown).toContain('role activated');
  expect(shown).toContain('INC-7');
  expect(JSON.stringify(alert)).not.toContain('hunter2-hunter2');
  expect(shown).not.toContain('198.51.100.99');
  expect(pageTextOf(untouched(alert), { now })).toContain('conditional access passed');
});

test('a risky sign-in that arrives late changes the score, with its reason', async () => {
  add('SigninLogs', {
    ...signInRow(start - minute, dana, { RiskLevelAggregated: 'medium' }),
    arrivesAt: now + minute,
  });
  add('SigninLogs', signInRow(start - minute, randomUUID()));
  const alert = await raised();
  expect(alert.reasons.map(({ id }) => id)).not.toContain('riskySignIn');
  now = start + 20 * minute;
  const after = await later(alert);
  expect(after.score - alert.score).toBe(20);
  expect(after.scoreChanges.at(-1)?.reasons).toMatchObject([{ id: 'riskySignIn', kind: 'added' }]);
});

test('a person at risk in Identity Protection scores; without the permission nothing is said', async () => {
  const risk = { riskLevel: 'high', riskState: 'atRisk', riskLastUpdatedDateTime: '2026-11-25T10:00:00Z' };
  tenant.directory.add({ id: dana, kind: 'User', name: 'Dana', login: 'dana@contoso.example', risk });
  const alert = await raised();
  expect(alert.reasons).toContainEqual({
    id: 'callerAtRisk',
    points: 15,
    text: 'account at risk (Identity Protection)',
  });
  expect(threadText(alert)).toContain('account at risk, high');
});

test('Graph refusing Identity Protection is left to doctor, another failure is named', async () => {
  tenant.faults.add({ when: /riskyUsers/, status: 403, times: 1 });
  const alert = await raised();
  expect(alert.facts.signIns).toMatchObject({ risk: null, failed: [] });
  tenant.faults.add({ when: /riskyUsers/, status: 503 });
  now = start + 20 * minute;
  const after = await later(alert);
  expect(JSON.stringify(model(after).notes)).toMatch(/Identity Protection — /);
});

test('a workspace that refuses is named in one line, and the alert is complete otherwise', async () => {
  tenant.state.workspaces.clear();
  const alert = await later(await raised());
  expect(JSON.stringify(model(alert).notes)).toMatch(
    /Unavailable: sign-ins — the bot lacks a permission; guest evidence — the bot lacks a permission/,
  );
  expect(alert.facts.machines).toBeDefined();
  expect(await queued()).toEqual([0, untilComplete()]);
  const asked = logQueries().length;
  now += 5 * minute;
  await later(alert);
  expect(logQueries().length).toBe(asked);
});

test('a slow workspace does not delay the message beyond five seconds, and is read again', async () => {
  addGuestLogs();
  add('SigninLogs', signInRow(start - minute, dana));
  tenant.faults.add({ when: /v1\/workspaces/, status: 200, delayMs: 7000, times: 1 });
  const began = Date.now();
  const alert = await raised();
  expect(Date.now() - began).toBeLessThan(6500);
  expect(alert.announced).toBe(true);
  expect(alert.facts.access).toBeDefined();
  expect(JSON.stringify(model(alert).notes)).toContain('sign-ins — no answer within 5 s');
  now += 31_000;
  const after = await later(alert);
  expect(after.facts.signIns?.signIns).toHaveLength(1);
  expect(JSON.stringify(model(after).notes)).not.toContain('sign-ins');
}, 20_000);

test('a failed second reading keeps what the first found', async () => {
  addGuestLogs();
  add('SigninLogs', signInRow(start - minute, dana));
  const first = await later(await raised());
  now = start + 20 * minute;
  tenant.faults.add({ when: /v1\/workspaces/, status: 503 });
  const second = await later(first);
  expect(second.facts.guest?.[vm.toLowerCase()]?.counts.processes).toBe(3);
  expect(second.facts.signIns?.signIns).toHaveLength(1);
  expect(JSON.stringify(model(second).notes)).toMatch(/Unavailable/);
});

test('a machine without logs says that the workspace has none', async () => {
  add('Syslog', syslog(start, `${vm}x`, 'sshd', 'Accepted publickey for root from 203.0.113.5 port 5 ssh2'));
  const alert = await later(await raised());
  expect(threadText(alert)).toContain('The workspace has no logs of this machine');
  expect(pageTextOf(untouched(alert), { now })).toContain('The workspace has no logs of this machine');
});

test('in a flood, no message waits for sign-ins; they are read later', async () => {
  const people = Array.from({ length: 30 }, () => ({ ...world.people.dana, id: randomUUID() }));
  for (const { id } of people) add('SigninLogs', signInRow(start - minute, id));
  tenant.faults.add({ when: /v1\/workspaces/, status: 200, delayMs: 500 });
  const flood = people.flatMap((caller, i) => {
    world.people.dana = caller;
    const name = `vm-${i}-${dana.slice(0, 8)}`;
    return events(addMachine(tenant, name, { subscription: subscriptions.payments, resourceGroup: 'rg' }));
  });
  const began = Date.now();
  await ingest({ events: flood }, deps);
  expect(Date.now() - began).toBeLessThan(4500);
  const alerts = (await own.store.alerts.list({ limit: 100 })).filter(({ executions }) =>
    people.some(({ id }) => id === executions[0]?.caller.id),
  );
  expect(alerts).toHaveLength(30);
  expect(alerts.flatMap((alert) => model(alert).notes)).toEqual([]);
  const waiting = alerts.filter(({ facts }) => !facts.signIns);
  expect(waiting).toHaveLength(26);
  tenant.faults.clear();
  expect((await later(waiting[0] as Alert)).facts.signIns?.signIns).toHaveLength(1);
});

test('Slack and Teams show the evidence in the thread', async () => {
  addGuestLogs();
  const alert = await later(await raised());
  const parts = model(alert).thread();
  for (const shown of [toThreadBlocks(parts), toThreadCard(alert.id, parts)])
    expect(JSON.stringify(shown)).toMatch(/Guest evidence on .*curl/s);
});

test('of a burst, five machines are read', async () => {
  const vms = Array.from({ length: 12 }, (_, n) =>
    addMachine(tenant, `vm-${n}-${dana.slice(0, 8)}`, {
      subscription: subscriptions.payments,
      resourceGroup: 'rg',
    }),
  );
  add('Syslog', syslog(start, vm, 'sshd', 'x'));
  const alert = await raised(vms.flatMap((id, i) => events(id, start + i * 1000)));
  const read = await later(alert);
  expect(Object.keys(read.facts.guest ?? {})).toEqual(vms.slice(0, 5).map((id) => id.toLowerCase()));
});

test('a suppressed alert costs no query of machines’ logs and is not read again', async () => {
  addGuestLogs();
  const exception: Exception = {
    id: `ex-${dana}`,
    match: { caller: [dana] },
    reason: 'Patching',
    owner: 'sam@contoso.example',
    expires: new Date(now + 86_400_000).toISOString(),
  };
  await own.store.exceptions.put(exception, [], `ex-${dana}`);
  const alert = await raised();
  expect(alert.verdict).toBe('suppressed');
  expect(await queued()).toEqual([]);
});

test('without a workspace nothing is read and nothing is queued', async () => {
  deps = { ...deps, workspaceId: null };
  const alert = await raised();
  expect(alert.facts.signIns).toBeUndefined();
  expect(logQueries()).toEqual([]);
  expect(await queued()).toEqual([]);
});
