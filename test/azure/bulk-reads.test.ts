import { type Azure, createAzure } from '../../src/azure/azure';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { addMachine, assign, roleIds } from '../../src/demo/world';
import {
  type Assignment,
  accessPathsFor,
  alsoCan,
  countCovered,
  type Deny,
} from '../../src/domain/access/resolve-access';
import { loadConfig } from '../../src/load-config';

const subscription = '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01';
const scope = `/subscriptions/${subscription}`;
const run = 'Microsoft.Compute/virtualMachines/runCommand/action';
const guidOf = (kind: number, n: number) =>
  `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const caller = (n: number) => guidOf(1, n);
const group = (n: number) => guidOf(2, n);

let tenant: Tenant;
let clock: number;
beforeEach(async () => {
  clock = Date.now();
  tenant = await startTenant({ now: () => clock });
  tenant.state.subscriptions.set(subscription, 'Payments');
});
afterEach(() => tenant.stop());

const connect = ({ graph = true, aheadMs = 0 } = {}): Azure =>
  createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    {
      tlsOptions: { ca: tenant.ca },
      now: () => clock + aheadMs,
      ...(graph ? { graphEndpoint: tenant.endpoint } : {}),
    },
  );

const addCaller = (n: number) =>
  tenant.directory.add({
    id: caller(n),
    kind: n % 5 === 0 ? 'ServicePrincipal' : 'User',
    name: `c${n}`,
    login: `c${n}`,
  });
const addGroup = (n: number, members: string[]) =>
  tenant.directory.add({ id: group(n), kind: 'Group', name: `g${n}`, login: '', members });

let assignments = 0;
const give = (at: string, role: string, principalId: string, type = 'User') =>
  assign(tenant, at, role, principalId, type, guidOf(9, ++assignments));

function addVm(n: number, { address = false } = {}): string {
  const id = addMachine(tenant, `vm-${n}`, {
    subscription,
    resourceGroup: `rg-${n % 7}`,
    tags: { env: n % 2 ? 'prod' : 'test', n: String(n) },
    group: `nsg-${n % 3}`,
  });
  const network = `${scope}/resourceGroups/rg-${n % 7}/providers/Microsoft.Network`;
  if (!address) return id;
  const ip = `${network}/publicIPAddresses/ip-${n}`;
  tenant.resources.put(ip, { location: 'westeurope', properties: { ipAddress: `203.0.113.${n % 250}` } });
  const nic = tenant.resources.get(`${network}/networkInterfaces/vm-${n}-nic0`);
  const [configuration] = nic.properties.ipConfigurations as { properties: Record<string, unknown> }[];
  if (configuration) configuration.properties.publicIPAddress = { id: ip };
  return id;
}

const deny = (fields: Record<string, unknown>) => {
  const id = `${scope}/providers/Microsoft.Authorization/denyAssignments/${guidOf(8, ++assignments)}`;
  tenant.state.denyAssignments.push({
    id,
    properties: { denyAssignmentName: 'no commands', scope, permissions: [{ actions: [run] }], ...fields },
  });
};

/** A mixed tenant: each caller has access in another way, and each machine looks different. */
function mixedTenant(size: number): string[] {
  for (let n = 0; n < size; n++) addCaller(n);
  const every = (step: number, offset: number) =>
    Array.from({ length: size }, (_, n) => caller(n)).filter((_, n) => n % step === offset);
  addGroup(1, every(8, 1));
  addGroup(2, [group(1), ...every(8, 2)]);
  addGroup(3, every(8, 3));
  addGroup(4, every(3, 0));
  addGroup(5, every(4, 0));
  give(scope, roleIds.vmContributor, group(2), 'Group');
  give('/providers/Microsoft.Management/managementGroups/mg', roleIds.owner, group(3), 'Group');
  give(scope, roleIds.reader, group(4), 'Group');
  deny({ principals: [{ id: group(5), type: 'Group' }], excludePrincipals: [] });
  const machines = Array.from({ length: size }, (_, n) => addVm(n, { address: n % 2 === 0 }));
  machines.forEach((machine, n) => {
    if (n % 8 === 4) give(machine, roleIds.contributor, caller(n));
    if (n % 8 === 5) give(scope, roleIds.vmContributor, caller(n));
    if (n % 8 === 6) give(`${scope}/resourceGroups/rg-${n % 7}`, roleIds.owner, caller(n));
    if (n % 40 === 5)
      tenant.state.pimActive.push({
        id: `${scope}/providers/Microsoft.Authorization/roleAssignmentScheduleInstances/${guidOf(7, n)}`,
        name: guidOf(7, n),
        properties: {
          principalId: caller(n),
          principalType: 'User',
          scope,
          roleDefinitionId: `${scope}/providers/Microsoft.Authorization/roleDefinitions/${roleIds.owner}`,
          assignmentType: 'Activated',
          endDateTime: new Date(clock + 3_600_000).toISOString(),
        },
      });
  });
  return machines;
}

/** What enrichment reads and concludes about a caller and a machine. */
async function factsOf(azure: Azure, principalId: string, machine: string, notBefore: number) {
  const [assigned, roles, scheduled, machineIds, denies, vm] = await Promise.all([
    azure.assignmentsOf(principalId, subscription, notBefore),
    azure.roleDefinitions(scope),
    azure.scheduledOf(principalId, subscription, notBefore),
    azure.machineIdsOf(subscription),
    azure.deniesAt(scope, notBefore),
    azure.machineNow(machine),
  ]);
  const { principals, notEvaluated } = await azure.principalsForDenies(
    principalId,
    assigned,
    denies,
    notBefore,
  );
  const { ways, deniedBy } = accessPathsFor(
    { action: run, scope: machine, principals },
    assigned,
    roles,
    denies,
  );
  return {
    ways,
    deniedBy: deniedBy?.name ?? null,
    notEvaluated: notEvaluated.length,
    alsoCan: alsoCan(assigned, roles),
    covered: countCovered(ways, machineIds),
    scheduled,
    vm,
    exposure: await azure.exposureNow(vm.interfaceIds),
    locks: await azure.locksOn(machine),
  };
}

const names = (list: readonly Assignment[]) => list.map(({ principalId }) => principalId);
const assignmentRequests = () => tenant.requests.filter(({ path }) => /roleAssignments$/.test(path));

test('facts from lists equal those asked one by one', async () => {
  const machines = mixedTenant(120);
  const began = clock - 60_000;
  const alone = [];
  for (const [n, machine] of machines.entries()) {
    alone.push(await factsOf(connect(), caller(n), machine, began));
  }
  tenant.requests.length = 0;
  const azure = connect();
  const bulk = await Promise.all(machines.map((machine, n) => factsOf(azure, caller(n), machine, began)));
  expect(bulk).toEqual(alone);
  expect(bulk.filter(({ ways }) => ways.length > 0).length).toBeGreaterThan(40);
  expect(bulk.filter(({ deniedBy }) => deniedBy).length).toBe(30);
  expect(bulk.filter(({ scheduled }) => scheduled.length > 0)).toHaveLength(3);
  expect(bulk.filter(({ exposure }) => exposure.publicIps.length > 0)).toHaveLength(60);
}, 120_000);

test('1,500 callers on 1,500 machines take at most 0.05 requests each', async () => {
  const machines = mixedTenant(1500);
  const azure = connect();
  tenant.requests.length = 0;
  const bulk = await Promise.all(
    machines.map((machine, n) => factsOf(azure, caller(n), machine, clock - 60_000)),
  );
  expect(bulk).toHaveLength(1500);
  expect(tenant.requests.length).toBeLessThanOrEqual(75);
}, 120_000);

test('an assignment made after the list and before the execution is found', async () => {
  const azure = connect();
  for (let n = 0; n < 20; n++) addCaller(n);
  const all = (notBefore: number) =>
    Promise.all(
      Array.from({ length: 20 }, (_, n) => azure.assignmentsOf(caller(n), subscription, notBefore)),
    );
  expect((await all(clock - 60_000)).flat()).toEqual([]);
  clock += 60_000;
  give(scope, roleIds.owner, caller(3));
  expect((await all(clock - 120_000)).flat()).toEqual([]);
  expect((await all(clock)).flat()).toHaveLength(1);
});

test.each([3_600_000, -3_600_000])('so it is with a host clock that is %d ms ahead', async (aheadMs) => {
  const azure = connect({ aheadMs });
  addCaller(4);
  const members: string[] = [];
  addGroup(1, members);
  give(scope, roleIds.owner, group(1), 'Group');
  const all = () =>
    Promise.all(
      Array.from({ length: 20 }, (_, n) => azure.assignmentsOf(caller(n), subscription, clock - 20_000)),
    );
  expect((await all()).flat()).toEqual([]);
  clock += 60_000;
  give(scope, roleIds.owner, caller(3));
  members.push(caller(4));
  expect(names((await all()).flat())).toEqual([caller(3), group(1)]);
  const read = assignmentRequests().length;
  await all();
  expect(assignmentRequests()).toHaveLength(read);
});

test('a member added to a group after the list and before the execution is found', async () => {
  const azure = connect();
  const members: string[] = [];
  addGroup(1, members);
  give(scope, roleIds.owner, group(1), 'Group');
  for (let n = 0; n < 20; n++) addCaller(n);
  const all = (notBefore: number) =>
    Promise.all(
      Array.from({ length: 20 }, (_, n) => azure.assignmentsOf(caller(n), subscription, notBefore)),
    );
  await all(clock - 60_000);
  clock += 60_000;
  members.push(caller(3));
  expect(names((await all(clock)).flat())).toEqual([group(1)]);
});

test.each([
  ['Graph may not be asked', false, 3],
  ['a group has more members than can be listed', true, 20_050],
])('when %s, callers are asked about alone', async (_, graph, size) => {
  addGroup(
    1,
    Array.from({ length: size }, (_, n) => caller(n)),
  );
  const body = JSON.stringify({
    value: Array.from({ length: 20_050 }, (_, n) => ({ id: caller(n) })),
  });
  tenant.faults.add({ when: /transitiveMembers/, status: 200, body });
  give(scope, roleIds.owner, group(1), 'Group');
  const azure = connect({ graph });
  const found = await Promise.all(
    Array.from({ length: 10 }, (_, n) => azure.assignmentsOf(caller(n), subscription, clock - 60_000)),
  );
  expect(found.filter((list) => list.length > 0)).toHaveLength(Math.min(size, 10));
  expect(assignmentRequests()).toHaveLength(12);
});

test('without Graph, a group that may only read does not matter', async () => {
  addGroup(1, [caller(1)]);
  give(scope, roleIds.reader, group(1), 'Group');
  give(scope, roleIds.owner, caller(2));
  const azure = connect({ graph: false });
  const found = await Promise.all(
    Array.from({ length: 10 }, (_, n) => azure.assignmentsOf(caller(n), subscription, clock - 60_000)),
  );
  expect(names(found.flat())).toEqual([caller(2)]);
  expect(assignmentRequests()).toHaveLength(2);
});

test('an application that Graph lists only by its type is found in its group', async () => {
  addCaller(5);
  addGroup(1, [caller(5)]);
  tenant.faults.add({ when: /transitiveMembers$/, status: 200, body: '{"value":[]}' });
  give(scope, roleIds.owner, group(1), 'Group');
  const azure = connect();
  const found = await Promise.all(
    Array.from({ length: 10 }, (_, n) => azure.assignmentsOf(caller(n), subscription, clock - 60_000)),
  );
  expect(names(found.flat())).toEqual([group(1)]);
  expect(assignmentRequests()).toHaveLength(2);
});

test('few reads are asked alone, and a refused list does not stop many', async () => {
  const azure = connect();
  await Promise.all([0, 1, 2].map((n) => azure.assignmentsOf(caller(n), subscription, clock - 60_000)));
  expect(assignmentRequests()).toHaveLength(3);
  const machines = Array.from({ length: 8 }, (_, n) => addVm(n));
  tenant.state.mayDo = (_, path) => !path.endsWith('/virtualMachines');
  const found = await Promise.all(machines.map((id) => azure.machineNow(id)));
  expect(found.map(({ tags }) => tags.n)).toEqual(machines.map((_, n) => String(n)));
});

test('a machine without status in the list is asked alone', async () => {
  const machines = Array.from({ length: 8 }, (_, n) => addVm(n));
  const azure = connect();
  const view = tenant.resources.get(machines[3] ?? '').properties.instanceView as { vmAgent?: unknown };
  const { vmAgent } = view;
  tenant.faults.add({
    when: /virtualMachines$/,
    only: ({ query }) => {
      if (query.get('statusOnly')) delete view.vmAgent;
      return false;
    },
    status: 200,
  });
  const answers = Promise.all(machines.map((id) => azure.machineNow(id)));
  await expect(answers).resolves.toHaveLength(8);
  view.vmAgent = vmAgent;
  expect(tenant.requests.filter(({ path }) => /virtualMachines\/vm-3$/.test(path))).toHaveLength(1);
  expect(tenant.requests).toHaveLength(3);
});

test('a deny assignment counts for members of a group that has no role', async () => {
  addCaller(1);
  addCaller(2);
  addGroup(6, [caller(1)]);
  addGroup(7, [group(6)]);
  deny({ principals: [{ id: group(7), type: 'Group' }] });
  const denies = await connect().deniesAt(scope);
  const principalsOf = (azure: Azure, id: string, list: readonly Deny[] = denies) =>
    azure.principalsForDenies(id, [], list);
  expect((await principalsOf(connect(), caller(1))).principals).toContain(group(7));
  expect((await principalsOf(connect(), caller(2))).principals).not.toContain(group(7));
  const unknown = await principalsOf(connect({ graph: false }), caller(1));
  expect(unknown.notEvaluated.map(({ name }) => name)).toEqual(['no commands']);
});
