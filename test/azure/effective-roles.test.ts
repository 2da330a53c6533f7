import { principalsWithAccess, rolesOf } from '../../src/azure/access/effective-roles';
import { createAzure } from '../../src/azure/azure';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { populateTenant, subscriptions, type World } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';

const scope = `/subscriptions/${subscriptions.payments}`;
const run = 'Microsoft.Compute/virtualMachines/runCommand/action';
const inner = '22222222-0000-4000-8000-000000000001';
const outer = '22222222-0000-4000-8000-000000000002';

let tenant: Tenant;
let world: World;
beforeEach(async () => {
  tenant = await startTenant();
  world = populateTenant(tenant);
  const addGroup = (id: string, members: string[]) =>
    tenant.directory.add({ id, kind: 'Group', name: id, login: '', members });
  addGroup(inner, [world.people.dana.id]);
  addGroup(outer, [inner]);
  tenant.state.denyAssignments.push({
    id: `${scope}/providers/Microsoft.Authorization/denyAssignments/33333333-0000-4000-8000-000000000001`,
    properties: {
      denyAssignmentName: 'no commands',
      scope,
      permissions: [{ actions: [run] }],
      principals: [{ id: outer, type: 'Group' }],
    },
  });
});
afterEach(() => tenant.stop());

const azure = ({ graph }: { graph: boolean }) =>
  createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, ...(graph ? { graphEndpoint: tenant.endpoint } : {}) },
  );
const rolesOfDana = (graph: boolean) =>
  rolesOf(world.people.dana.id, world.vms.pay01, subscriptions.payments, azure({ graph }));

test('a deny assignment of a group without roles denies a member of a group in it', async () => {
  expect(await rolesOfDana(true)).toMatchObject([{ deniedBy: 'no commands', denyNotEvaluated: null }]);
});

test('without Graph, the deny assignment is named as not evaluated', async () => {
  expect(await rolesOfDana(false)).toMatchObject([{ deniedBy: null, denyNotEvaluated: 'no commands' }]);
});

test('in a group that is too large to list, only the caller is looked up', async () => {
  const value = Array.from({ length: 20_001 }, (_, n) => ({ id: String(n) }));
  tenant.faults.add({ when: /transitiveMembers$/, status: 200, body: JSON.stringify({ value }) });
  expect(await rolesOfDana(true)).toMatchObject([{ deniedBy: 'no commands' }]);
});

test('who can act leaves out those whom a deny assignment reaches through another group', async () => {
  const able = await principalsWithAccess(run, scope, subscriptions.payments, azure({ graph: true }));
  expect(able.map(({ name }) => name).sort()).toEqual([
    'lee@contoso.example',
    'lee@contoso.example',
    'patch-bot',
  ]);
});
