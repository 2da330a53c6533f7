import { createAzure } from '../../src/azure/azure';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { populateTenant, subscriptions } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await startTenant();
  populateTenant(tenant);
});
afterAll(() => tenant.stop());
afterEach(() => {
  tenant.faults.clear();
  tenant.state.pageSize = 200;
  tenant.state.mayDo = () => true;
});

const read = () =>
  createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca } },
  ).managementGroups();

test('the management groups of every subscription are read, page by page, the nearest first', async () => {
  tenant.state.pageSize = 1;
  const groups = await read();
  expect([...groups.keys()].sort()).toEqual(Object.values(subscriptions).sort());
  expect(groups.get(subscriptions.payments)?.slice(0, 2)).toEqual([
    { id: 'mg-production', name: 'Production' },
    { id: 'mg-contoso', name: 'Contoso' },
  ]);
});

test('a subscription outside any management group has none', async () => {
  tenant.state.subscriptions.set('0a1b2c3d-3333-4333-8333-0123456789ab', 'Alone');
  expect((await read()).get('0a1b2c3d-3333-4333-8333-0123456789ab')).toEqual([]);
  tenant.state.subscriptions.delete('0a1b2c3d-3333-4333-8333-0123456789ab');
});

test('a denied read names the permission', async () => {
  tenant.state.mayDo = (action) => !action.startsWith('Microsoft.ResourceGraph/');
  await expect(read()).rejects.toMatchObject({
    statusCode: 403,
    remedy: expect.stringContaining('Microsoft.ResourceGraph/resources/read'),
  });
});

test.each([
  ['truncated JSON', '{"data": [', 'invalid page'],
  ['rows without a subscription', '{"data": [{"groups": []}]}', 'invalid page'],
  ['endless pages', '{"data": [], "$skipToken": "again"}', 'more than 20 pages'],
])('%s is an error, not a shorter list', async (_, body, why) => {
  tenant.faults.add({ when: /ResourceGraph/, status: 200, body });
  await expect(read()).rejects.toThrow(why);
});
