import { createAzure } from '../../src/azure/azure';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { addChild, populateTenant, type World } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';

let tenant: Tenant;
let world: World;
beforeEach(async () => {
  tenant = await startTenant();
  world = populateTenant(tenant);
});
afterEach(() => tenant.stop());

const azure = (operationMs: number) =>
  createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, operationMs },
  );
const stopped = {
  code: 'OperationTimedOut',
  statusCode: 408,
  message: expect.stringMatching(/did not finish within/),
  remedy: expect.stringContaining('Azure may still finish it'),
};

test('a DELETE that Azure accepts but never completes times out and is reported', async () => {
  const id = addChild(tenant, world.vms.pay01, 'runCommands', 'left', {});
  tenant.faults.add({
    when: /^DELETE .*runCommands\/left$/,
    status: 202,
    play: (response) => {
      response.statusCode = 202;
      response.end();
    },
  });
  await expect(azure(300).removeLeftover(id)).rejects.toMatchObject(stopped);
});

test('a restart whose operation stays in progress times out and is reported', async () => {
  tenant.faults.add({
    when: /^POST .*\/restart$/,
    status: 202,
    play: (response) => {
      response.statusCode = 202;
      response.setHeader(
        'azure-asyncoperation',
        `${tenant.endpoint}/subscriptions/x/providers/Microsoft.Compute/operations/stuck`,
      );
      response.setHeader('retry-after', '0');
      response.end();
    },
  });
  tenant.faults.add({
    when: /operations\/stuck$/,
    status: 200,
    play: (response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"status":"InProgress"}');
    },
  });
  await expect(azure(300).restart(world.vms.pay01)).rejects.toMatchObject(stopped);
});
