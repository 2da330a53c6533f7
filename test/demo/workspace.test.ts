import { createAzure } from '../../src/azure/azure';
import { scenarios } from '../../src/demo/scenarios';
import { startTenant } from '../../src/demo/tenant/tenant';
import { addWorkspace, demoWorkspaceId } from '../../src/demo/workspace';
import { populateTenant } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';

test('the demo’s night leaves processes on the machine and a risky sign-in', async () => {
  const tenant = await startTenant();
  const world = populateTenant(tenant);
  addWorkspace(tenant);
  scenarios.find(({ name }) => name === 'night')?.play(tenant, world);
  const azure = createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, logAnalyticsEndpoint: tenant.endpoint },
  );
  const hour = 3_600_000;
  const window = {
    from: new Date(Date.now() - 6 * hour).toISOString(),
    to: new Date(Date.now() + hour).toISOString(),
  };
  const guest = await azure.evidence.guest(demoWorkspaceId, world.vms.pay01, window);
  const caller = { id: world.people.dana.id, appId: null, kind: 'person' } as const;
  const signIns = await azure.evidence.signIns(demoWorkspaceId, caller, window);
  await tenant.stop();
  expect(guest.starts.map(({ name }) => name)).toContain('useradd');
  expect(signIns.signIns.map(({ risk }) => risk)).toContain('high');
  expect(signIns.changes).toMatchObject([{ kind: 'activation', reason: 'Urgent fix' }]);
});
