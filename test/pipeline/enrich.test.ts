import { type Azure, createAzure } from '../../src/azure/azure';
import { factsOf as factsOfAlert } from '../../src/chat/fact-lines';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { addMachine, assign, roleIds } from '../../src/demo/world';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { enrich } from '../../src/pipeline/enrich/enrich';
import { withSharedReads } from '../../src/pipeline/enrich/shared-reads';
import { createGeoDatabases } from '../../src/runtime/geo-databases';
import type { Store } from '../../src/store/store';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const subscription = event().subscriptionId;
const scope = `/subscriptions/${subscription}`;
const run = event().operation;
const guid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const dana = guid(1);

let own: OwnStore;
let tenant: Tenant;
let azure: Azure;
let vms: string[];
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());
beforeEach(async () => {
  tenant = await startTenant();
  tenant.state.subscriptions.set(subscription, 'Payments');
  tenant.directory.add({ id: dana, kind: 'User', name: 'Dana', login: 'dana@contoso.example' });
  vms = [0, 1, 2].map((n) => addMachine(tenant, `vm-${n}`, { subscription, resourceGroup: 'rg' }));
  azure = createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint },
  );
});
afterEach(() => tenant.stop());

const give = (at: string, role: string, to: string, n: number) =>
  assign(tenant, at, role, to, 'ServicePrincipal', guid(100 + n));
const denyAt = (at: string) =>
  tenant.state.denyAssignments.push({
    id: `${scope}/providers/Microsoft.Authorization/denyAssignments/${guid(9)}`,
    properties: {
      denyAssignmentName: 'no commands',
      scope: at,
      permissions: [{ actions: [run] }],
      principals: [{ id: dana, type: 'User' }],
      excludePrincipals: [],
    },
  });
const alertOn = (resourceId: string, fields: Partial<Alert> = {}, refused = false): Alert => {
  const caller = { ...event().caller, id: dana, type: 'User' as const };
  const time = new Date().toISOString();
  const execution = executionFrom(event({ resourceId, caller, refused, time })) as Execution;
  return { ...newAlert('RW-1', [execution], time), ...fields };
};
const factsOf = (alert: Alert) =>
  enrich(alert, { azure, store: own.store, policy: {}, geo: createGeoDatabases() });

test('of a machine’s identities, the role that can run commands at the widest scope is named', async () => {
  const [narrow, wide] = [guid(2), guid(3)];
  const identityId = `${scope}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id`;
  Object.assign(tenant.resources.get(vms[0] ?? ''), {
    identity: {
      type: 'SystemAssigned, UserAssigned',
      principalId: narrow,
      userAssignedIdentities: { [identityId]: { principalId: wide } },
    },
  });
  give(vms[1] ?? '', roleIds.contributor, narrow, 1);
  give(scope, roleIds.vmContributor, wide, 2);
  const { machines } = await factsOf(alertOn(vms[0] ?? ''));
  expect(Object.values(machines ?? {})[0]?.identityCan[0]).toMatch(
    /^run commands on machines \(Virtual Machine Contributor at /,
  );
});

test('a deny assignment explains a call that Azure denied, not one that it let through', async () => {
  give(scope, roleIds.vmContributor, dana, 1);
  denyAt(scope);
  const denied = await factsOf(alertOn(vms[0] ?? '', {}, true));
  expect(denied.access).toMatchObject({ grant: null, deniedBy: 'no commands' });
  const ran = await factsOf(alertOn(vms[0] ?? ''));
  expect(ran.access).toMatchObject({ grant: { role: 'Virtual Machine Contributor' }, deniedBy: null });
});

test('machines where a deny assignment blocks the caller are not among those they can run on', async () => {
  give(scope, roleIds.vmContributor, dana, 1);
  const before = await factsOf(alertOn(vms[0] ?? ''));
  expect(before.access?.machines).toBe(3);
  denyAt(vms[1] ?? '');
  const later = alertOn(vms[0] ?? '');
  azure = createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint },
  );
  expect((await factsOf(later)).access?.machines).toBe(2);
});

test('a burst over several subscriptions names the access to each of them', async () => {
  const other = (n: number) => `0a1b2c3d-2222-4222-8222-00000000000${n}`;
  const machineIn = (n: number) => {
    tenant.state.subscriptions.set(other(n), `Sandbox ${n}`);
    return addMachine(tenant, `vm-other-${n}`, { subscription: other(n), resourceGroup: 'rg' });
  };
  give(scope, roleIds.vmContributor, dana, 1);
  const machines = [vms[0] ?? '', ...[1, 2, 3, 4, 5, 6].map(machineIn)];
  give(`/subscriptions/${other(1)}`, roleIds.owner, dana, 2);
  const executions = machines.flatMap((id, i) =>
    alertOn(id).executions.map((each) => ({
      ...each,
      startedAt: new Date(Date.now() + i * 1000).toISOString(),
    })),
  );
  const alert = newAlert('RW-1', executions, new Date().toISOString());
  const facts = await factsOf(alert);
  expect(facts.access).toMatchObject({
    grant: { role: 'Virtual Machine Contributor' },
    canChangeAccess: true,
    notLookedAt: 2,
  });
  expect(facts.access?.elsewhere?.map(({ grant }) => grant?.role ?? null)).toEqual([
    'Owner',
    null,
    null,
    null,
  ]);
  const shown = { ...alert, facts };
  const [path] = factsOfAlert(shown, Date.now()).filter(({ label }) => label === 'Access path');
  expect(path?.value.join('')).toMatch(
    /; in [^:]+: Owner; in [^:]+: no role assignment found; .*; 2 more subscriptions not looked at$/,
  );
});

test('while Azure limits reads, the facts of the alert with the higher score are read first', async () => {
  tenant.state.remainingReads = 20;
  await azure.readMachine(vms[0] ?? '');
  const waiting = [
    factsOf(alertOn(vms[1] ?? '', { ready: true, score: 10 })),
    factsOf(alertOn(vms[2] ?? '', { ready: true, score: 90 })),
  ];
  const machines = () =>
    tenant.requests.map(({ path }) => /virtualMachines\/vm-([12])$/.exec(path)?.[1]).filter(Boolean);
  await azure.readMachine(vms[0] ?? '');
  expect(machines()).toEqual([]);
  tenant.state.remainingReads = 51;
  await azure.readMachine(vms[0] ?? '');
  await Promise.all(waiting);
  expect(machines().slice(0, 2)).toEqual(['2', '1']);
});

test('one job reads a subscription and a caller once for all its alerts', async () => {
  const reads: string[] = [];
  const noted =
    <T>(name: string, read: (key: string) => Promise<T>) =>
    (key: string) => {
      reads.push(name);
      return read(key);
    };
  const { polls, history } = own.store;
  const store: Store = withSharedReads({
    ...own.store,
    polls: { ...polls, subscription: noted('subscription', polls.subscription) },
    history: {
      ...history,
      of: noted('caller', history.of),
      filledFrom: noted('filled', history.filledFrom),
    },
  });
  await Promise.all(
    vms.map((vm) => enrich(alertOn(vm), { azure, store, policy: {}, geo: createGeoDatabases() })),
  );
  expect(reads.sort()).toEqual(['caller', 'filled', 'subscription']);
});

test('an address that the caller used only minutes before is still new', async () => {
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const ranBefore = async (minutes: number, ip: string) => {
    const { executions } = alertOn(vms[1] ?? '');
    const caller = { ...(executions[0] as Execution).caller, ip };
    const past = executions.map((one) => ({
      ...one,
      key: `${ip} ${minutes}`,
      caller,
      startedAt: at(minutes),
    }));
    await own.store.history.note(past, Date.now());
    const alert = alertOn(vms[0] ?? '');
    const now = alert.executions.map((one) => ({ ...one, caller }));
    return (await factsOf({ ...alert, executions: now })).history?.addressSeen;
  };
  expect(await ranBefore(5, '198.51.100.7')).toBe(false);
  expect(await ranBefore(15, '198.51.100.7')).toBe(true);
});
