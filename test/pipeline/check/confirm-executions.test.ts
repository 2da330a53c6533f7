import { createAzure } from '../../../src/azure/azure';
import { startTenant, type Tenant } from '../../../src/demo/tenant/tenant';
import { addMachine } from '../../../src/demo/world';
import type { ActivityEvent } from '../../../src/domain/activity/activity-event';
import { loadConfig } from '../../../src/load-config';
import { type ConfirmDeps, confirmExecutions } from '../../../src/pipeline/check/confirm-executions';
import { toExecutions } from '../../../src/pipeline/group';
import { contentHashes } from '../../../src/runtime/keyring';
import { event } from '../../support/event';
import { type OwnStore, startStore, testKeyring } from '../../support/store';

const { subscriptionId: subscription } = event();
const rg = `/subscriptions/${subscription}/resourceGroups/rg/providers`;

let own: OwnStore;
let tenant: Tenant;
let deps: ConfirmDeps;
let now = Date.now();
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());
beforeEach(async () => {
  tenant = await startTenant({ now: () => now });
  tenant.state.subscriptions.set(subscription, 'Payments');
  const azure = createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint, now: () => now },
  );
  deps = { azure, checks: own.store.checks, hashes: contentHashes(testKeyring), detections: {} };
});
afterEach(() => tenant.stop());

let count = 0;
/** A minute passes before each operation. */
const ran = (operation: string, resourceId: string, more: Partial<ActivityEvent> = {}) => {
  count++;
  now += 60_000;
  const base = { operation, resourceId, correlationId: `c${count}`, ...more };
  const at = (ms: number) => new Date(now + ms).toISOString();
  const started = event({ ...base, id: `s${count}`, status: 'started', time: at(-100) });
  return [started, event({ ...base, id: `d${count}`, status: 'succeeded', time: at(0) })];
};
const confirm = async (events: ActivityEvent[], given: Partial<ConfirmDeps> = {}) =>
  confirmExecutions(await toExecutions(events, own.store.runs), { ...deps, ...given });
const notesOf = (events: ActivityEvent[]) => own.store.checks.notesOf(events.map(({ id }) => id));

const base64 = (text: string) => Buffer.from(text).toString('base64');
const set = (id: string, properties: Record<string, unknown>) => {
  const known = tenant.resources.find(id);
  tenant.resources.put(id, { ...known, properties: { ...known?.properties, ...properties } });
};

describe.each([
  ['Microsoft.Compute/virtualMachines/write', 'virtualMachines/vm-a', (p: Record<string, unknown>) => p],
  [
    'Microsoft.Compute/virtualMachineScaleSets/write',
    'virtualMachineScaleSets/set-a',
    (p: Record<string, unknown>) => ({ virtualMachineProfile: p }),
  ],
  [
    'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/write',
    'virtualMachineScaleSets/set-a/virtualMachines/0',
    (p: Record<string, unknown>) => p,
  ],
])('%s', (operation, path, profile) => {
  const id = `${rg}/Microsoft.Compute/${path}`;
  const write = () => ran(operation, id);

  test('is alerted on if user data changed or an application was attached since the last reading', async () => {
    set(id, { ...profile({ userData: base64('#!/bin/sh\necho one') }), tagged: 1 });
    const first = write();
    expect(await confirm(first)).toEqual({ confirmed: [], failed: null });
    expect([...(await notesOf(first)).values()][0]).toMatch(/^unknown .*: first reading/);

    set(id, { tagged: 2 });
    const other = write();
    expect((await confirm(other)).confirmed).toEqual([]);
    expect((await notesOf(other)).get(other[1]?.id ?? '')).toMatch(/^user data and applications unchanged/);

    set(id, profile({ userData: base64('#!/bin/sh\necho two') }));
    const changed = await confirm(write());
    expect(changed.confirmed).toMatchObject([
      { technique: 'user-data', finding: { says: expect.stringMatching(/^user data changed since /) } },
    ]);

    const applicationProfile = { galleryApplications: [{ packageReferenceId: `${rg}/x/versions/1` }] };
    set(id, profile({ userData: base64('#!/bin/sh\necho two'), applicationProfile }));
    const attached = await confirm(write());
    expect(attached.confirmed).toMatchObject([
      { technique: 'gallery-application', operation, finding: { says: expect.stringContaining('attached') } },
    ]);
    for (const key of await storedText()) expect(key).not.toContain('echo');
  });
});

/** All that Redis holds. */
async function storedText(): Promise<string[]> {
  const { connect } = await import('../../../src/store/redis/connect');
  const redis = connect(own.address);
  const keys = (await redis.keys('*')).filter((key) => /check|machine-state/.test(key));
  for (const key of keys) expect(await redis.ttl(key)).toBeGreaterThan(0);
  const texts = await redis.mget(keys);
  redis.disconnect();
  return texts.map(String);
}

test('events in separate jobs, late and repeated give one answer', async () => {
  const id = addMachine(tenant, 'vm-b', { subscription, resourceGroup: 'rg' });
  await confirm(ran('Microsoft.Compute/virtualMachines/write', id));
  set(id, { userData: base64('x') });
  const [started, ended] = ran('Microsoft.Compute/virtualMachines/write', id) as [
    ActivityEvent,
    ActivityEvent,
  ];
  const withIp = { ...started, caller: { ...started.caller, ip: '203.0.113.9' } };
  expect((await confirm([withIp])).confirmed).toEqual([]);
  const { confirmed } = await confirm([ended]);
  expect(confirmed).toMatchObject([{ technique: 'user-data', caller: { ip: '203.0.113.9' } }]);
  expect((await confirm([ended])).confirmed).toMatchObject([{ finding: confirmed[0]?.finding }]);
  expect((await confirm([withIp])).confirmed).toHaveLength(1);
});

test('only what RUNWATCH_CONFIG leaves on is confirmed', async () => {
  const id = addMachine(tenant, 'vm-c', { subscription, resourceGroup: 'rg' });
  await confirm(ran('Microsoft.Compute/virtualMachines/write', id));
  set(id, {
    userData: base64('x'),
    applicationProfile: { galleryApplications: [{ packageReferenceId: 'v' }] },
  });
  const events = ran('Microsoft.Compute/virtualMachines/write', id);
  const { confirmed } = await confirm(events, { detections: { 'user-data': false } });
  expect(confirmed).toMatchObject([{ technique: 'gallery-application' }]);
});

test('denied and failed writes are not confirmed, and read nothing', async () => {
  const id = addMachine(tenant, 'vm-d', { subscription, resourceGroup: 'rg' });
  const denied = event({
    id: 'denied',
    operation: 'Microsoft.Compute/virtualMachines/write',
    resourceId: id,
    status: 'failed',
    refused: true,
    correlationId: 'denied',
  });
  expect(await confirm([denied])).toEqual({ confirmed: [], failed: null });
  expect(tenant.requests).toEqual([]);
});

test('a failed write is confirmed too: Azure fails it after an attached application ran and failed', async () => {
  const id = addMachine(tenant, 'vm-f', { subscription, resourceGroup: 'rg' });
  const write = 'Microsoft.Compute/virtualMachines/write';
  await confirm(ran(write, id));
  set(id, { applicationProfile: { galleryApplications: [{ packageReferenceId: 'v' }] } });
  const [started, ended] = ran(write, id) as [ActivityEvent, ActivityEvent];
  const failed = await confirm([started, { ...ended, status: 'failed' }]);
  expect(failed.confirmed).toMatchObject([{ technique: 'gallery-application', status: 'failed' }]);
});

test('a job that could not be created is not read', async () => {
  const [started, ended] = ran(jobWrite, `${account}/jobs/failed`) as [ActivityEvent, ActivityEvent];
  expect((await confirm([started, { ...ended, status: 'failed' }])).confirmed).toEqual([]);
  expect(tenant.requests).toEqual([]);
});

test('what can’t be read says what is missing; a temporary error is repeated and keeps the others', async () => {
  const id = addMachine(tenant, 'vm-e', { subscription, resourceGroup: 'rg' });
  tenant.state.mayDo = () => false;
  const denied = ran('Microsoft.Compute/virtualMachines/write', id);
  expect(await confirm(denied)).toEqual({ confirmed: [], failed: null });
  expect((await notesOf(denied)).get(denied[1]?.id ?? '')).toContain(
    'grant Microsoft.Compute/virtualMachines/read',
  );
  tenant.state.mayDo = (_, path) => {
    if (path.endsWith('vm-e')) throw new Error('busy');
    return true;
  };
  const job = `${rg}/Microsoft.Automation/automationAccounts/a/jobs/j1`;
  set(job, { runOn: 'group' });
  const broken = ran('Microsoft.Compute/virtualMachines/write', id);
  const both = await confirm([...broken, ...ran(jobWrite, job)]);
  expect(both.failed).toMatchObject({ statusCode: 500 });
  expect(both.confirmed).toMatchObject([{ technique: 'automation' }]);
  tenant.state.mayDo = () => true;
  expect(await confirm(broken)).toMatchObject({ failed: null });
});

const jobWrite = 'Microsoft.Automation/automationAccounts/jobs/write';
const testJob = 'Microsoft.Automation/automationAccounts/runbooks/draft/testJob/write';
const account = `${rg}/Microsoft.Automation/automationAccounts/a`;

test.each([
  [jobWrite, `${account}/jobs/in-group`],
  [testJob, `${account}/runbooks/book/draft/testJob`],
])('%s is alerted on only on a hybrid worker group', async (operation, id) => {
  set(id, { runOn: 'dc-group' });
  expect((await confirm(ran(operation, id))).confirmed).toMatchObject([
    {
      technique: 'automation',
      target: { id: account },
      finding: { group: 'dc-group', says: 'runs on the hybrid worker group dc-group' },
    },
  ]);
  set(id, { runOn: '' });
  const cloud = ran(operation, id);
  expect((await confirm(cloud)).confirmed).toEqual([]);
  expect((await notesOf(cloud)).get(cloud[1]?.id ?? '')).toBe('runs in Azure, not on a machine');
});

test('a later test job of the same runbook does not answer for an earlier one', async () => {
  const id = `${account}/runbooks/book/draft/testJob`;
  const first = ran(testJob, id);
  set(id, { runOn: '', creationTime: new Date(now + 30_000).toISOString() });
  expect((await confirm(first)).confirmed).toEqual([]);
  expect((await notesOf(first)).get(first[1]?.id ?? '')).toBe(
    'unknown where it runs: a later test job replaced it',
  );
  const requestBody = JSON.stringify({ runOn: 'dc-group' });
  const logged = ran(testJob, id, { requestBody });
  set(id, { runOn: '', creationTime: new Date(now + 30_000).toISOString() });
  expect((await confirm(logged)).confirmed).toMatchObject([{ finding: { group: 'dc-group' } }]);
  const last = ran(testJob, id);
  set(id, { runOn: '', creationTime: new Date(now - 50).toISOString() });
  await confirm(last);
  expect((await notesOf(last)).get(last[1]?.id ?? '')).toBe('runs in Azure, not on a machine');
});

test('where the job is gone, the logged request tells', async () => {
  const requestBody = JSON.stringify({ properties: { runbook: { name: 'x' }, runOn: 'dc-group' } });
  const gone = ran(jobWrite, `${account}/jobs/gone`, { requestBody });
  expect((await confirm(gone)).confirmed).toMatchObject([{ finding: { group: 'dc-group' } }]);
  const unknown = ran(jobWrite, `${account}/jobs/gone-too`);
  expect((await confirm(unknown)).confirmed).toEqual([]);
  expect((await notesOf(unknown)).get(unknown[1]?.id ?? '')).toContain('unknown where it runs');
});

test('where RUNWATCH_CONFIG turns automation on, jobs are alerted on without a reading', async () => {
  const events = ran(jobWrite, `${account}/jobs/any`);
  expect((await confirm(events, { detections: { automation: true } })).confirmed).toHaveLength(1);
  expect(tenant.requests).toEqual([]);
});
