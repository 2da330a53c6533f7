import type { Principal } from './tenant/simulated-directory';
import type { Tenant } from './tenant/tenant';

/** GUIDs of built-in roles. Source: "Azure built-in roles", learn.microsoft.com. */
export const roleIds = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  vmContributor: '9980e02c-c2be-4d73-94e8-173b1dc7cf3c',
  storageKeyOperator: '81a9662b-bebf-436f-a333-f67b29880f12',
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
} as const;

export const subscriptions = {
  payments: '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01',
  sandbox: '0a1b2c3d-2222-4222-8222-0123456789ab',
} as const;

/** Adds the people, applications, machines and roles of a small company, for the demo and the tests. */
export function populateTenant(tenant: Tenant) {
  tenant.state.subscriptions.set(subscriptions.payments, 'Payments');
  tenant.state.subscriptions.set(subscriptions.sandbox, 'Sandbox');
  const root = { id: tenant.state.tenantId, name: 'Tenant Root Group' };
  tenant.state.managementGroups.set(subscriptions.payments, [
    { id: 'mg-production', name: 'Production' },
    { id: 'mg-contoso', name: 'Contoso' },
    root,
  ]);
  tenant.state.managementGroups.set(subscriptions.sandbox, [{ id: 'mg-sandboxes', name: 'Sandboxes' }, root]);
  const person = (id: string, name: string, login: string, jobTitle: string): Principal =>
    tenant.directory.add({ id, kind: 'User', name, login, jobTitle, enabled: true });
  const dana = person(
    '9e1f4f2a-0c7b-4a8e-b1d7-3f2c5a6b7c8d',
    'Dana Reyes',
    'dana.reyes@contoso.example',
    'Support engineer',
  );
  const lee = person(
    '11aa22bb-0000-4000-8000-000000000001',
    'Lee Okafor',
    'lee@contoso.example',
    'Platform lead',
  );
  const kim = person('11aa22bb-0000-4000-8000-000000000002', 'Kim Novak', 'kim@contoso.example', 'Developer');
  const patchBot = tenant.directory.add({
    id: '7a2b0c41-55ef-4f1b-8a43-6d3a1c0f9e77',
    kind: 'ServicePrincipal',
    name: 'patch-bot',
    login: 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c',
    enabled: true,
    owners: [lee.id],
  });
  const oncall = tenant.directory.add({
    id: 'cacfe77c-e058-4712-83c0-f9b08849fd60',
    kind: 'Group',
    name: 'ops-oncall',
    login: '',
    members: [dana.id, lee.id],
  });
  assign(
    tenant,
    `/subscriptions/${subscriptions.payments}`,
    roleIds.vmContributor,
    oncall.id,
    'Group',
    '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7d8',
  );
  assign(
    tenant,
    `/subscriptions/${subscriptions.payments}`,
    roleIds.vmContributor,
    patchBot.id,
    'ServicePrincipal',
    '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7d9',
  );
  assign(
    tenant,
    `/subscriptions/${subscriptions.payments}`,
    roleIds.owner,
    lee.id,
    'User',
    '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7da',
  );
  assign(
    tenant,
    `/subscriptions/${subscriptions.sandbox}`,
    roleIds.contributor,
    kim.id,
    'User',
    '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7db',
  );
  const vms = {
    pay01: addMachine(tenant, 'vm-pay-01', {
      subscription: subscriptions.payments,
      resourceGroup: 'rg-payments',
      tags: { env: 'prod' },
      interfaces: 2,
      group: 'nsg-payments',
    }),
    pay02: addMachine(tenant, 'vm-pay-02', {
      subscription: subscriptions.payments,
      resourceGroup: 'rg-payments',
      tags: { env: 'prod' },
    }),
    web: Array.from({ length: 24 }, (_, i) =>
      addMachine(tenant, `vm-web-${String(i + 1).padStart(2, '0')}`, {
        subscription: subscriptions.payments,
        resourceGroup: 'rg-web',
        tags: { env: 'prod' },
      }),
    ),
    test01: addMachine(tenant, 'vm-test-01', {
      subscription: subscriptions.sandbox,
      resourceGroup: 'rg-test',
      tags: { env: 'test' },
    }),
  };
  const own = 'd0d0d0d0-0000-4000-8000-000000000001';
  tenant.directory.add({
    id: own,
    kind: 'ServicePrincipal',
    name: 'vm-pay-01',
    login: 'd0d0d0d0-0000-4000-8000-0000000000ff',
    managedIdentityOf: vms.pay01,
  });
  Object.assign(tenant.resources.get(vms.pay01), { identity: { type: 'SystemAssigned', principalId: own } });
  const vault = `/subscriptions/${subscriptions.payments}/resourceGroups/rg-payments/providers/Microsoft.KeyVault/vaults/kv-pay`;
  assign(
    tenant,
    vault,
    roleIds.keyVaultSecretsUser,
    own,
    'ServicePrincipal',
    '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7dc',
  );
  addNightlySnapshot(tenant, vms.pay01);
  return { people: { dana, lee, kim, patchBot }, groups: { oncall }, vms };
}
export type World = ReturnType<typeof populateTenant>;

/** Gives the bot what `manifest azure-role` would, so that no response lacks a permission. */
export function grantBot(tenant: Tenant): void {
  for (const [index, id] of Object.values(subscriptions).entries())
    assign(
      tenant,
      `/subscriptions/${id}`,
      roleIds.owner,
      tenant.state.botId,
      'ServicePrincipal',
      `b07b07b0-2d3e-4f50-6172-8394a5b6c70${index}`,
    );
}

export function assign(
  tenant: Tenant,
  scope: string,
  role: string,
  principalId: string,
  principalType: string,
  name: string,
) {
  const subscription = /\/subscriptions\/[^/]+/.exec(scope)?.[0] ?? '';
  tenant.resources.put(
    `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    {
      properties: {
        roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId,
        principalType,
        scope,
        createdOn: new Date(tenant.state.now() - 3 * 86_400_000).toISOString(),
        createdBy: '11aa22bb-0000-4000-8000-000000000001',
      },
    },
  );
}

export interface MachineOptions {
  subscription: string;
  resourceGroup: string;
  tags?: Record<string, string>;
  interfaces?: number;
  /** Name of the security group on the first interface; none when absent. */
  group?: string;
}

/** Adds a snapshot of a machine's OS disk, like one from a nightly backup. */
function addNightlySnapshot(tenant: Tenant, vmId: string): void {
  const name = vmId.split('/').at(-1);
  const compute = vmId.replace(/\/virtualMachines\/.*$/, '');
  tenant.resources.put(`${compute}/snapshots/nightly-${name}-os`, {
    location: 'westeurope',
    properties: {
      timeCreated: new Date(Date.now() - 20 * 3_600_000).toISOString(),
      creationData: { createOption: 'Copy', sourceResourceId: `${compute}/disks/${name}-os` },
      provisioningState: 'Succeeded',
    },
  });
}

/** Adds a managed run command or an extension to a machine and returns its id. */
export function addChild(
  tenant: Tenant,
  vmId: string,
  kind: 'runCommands' | 'extensions',
  name: string,
  properties: Record<string, unknown>,
): string {
  const id = `${vmId}/${kind}/${name}`;
  tenant.resources.put(id, { location: 'westeurope', properties });
  return id;
}

/** Adds a virtual machine with its interfaces and returns its id. */
export function addMachine(
  tenant: Tenant,
  name: string,
  { subscription, resourceGroup, tags = {}, interfaces = 1, group }: MachineOptions,
): string {
  const base = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers`;
  const vmId = `${base}/Microsoft.Compute/virtualMachines/${name}`;
  const location = 'westeurope';
  const groupId = group ? `${base}/Microsoft.Network/networkSecurityGroups/${group}` : null;
  if (groupId && !tenant.resources.find(groupId)) {
    tenant.resources.put(groupId, {
      location,
      properties: { securityRules: [], provisioningState: 'Succeeded' },
    });
  }
  const nics = Array.from({ length: interfaces }, (_, i) => {
    const id = `${base}/Microsoft.Network/networkInterfaces/${name}-nic${i}`;
    tenant.resources.put(id, {
      location,
      tags,
      properties: {
        provisioningState: 'Succeeded',
        resourceGuid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
        macAddress: `00-0D-3A-00-00-0${i}`,
        enableIPForwarding: false,
        virtualMachine: { id: vmId },
        ...(groupId && i === 0 ? { networkSecurityGroup: { id: groupId } } : {}),
        ipConfigurations: [
          {
            name: 'ipconfig1',
            properties: {
              privateIPAddress: `10.0.0.${i + 4}`,
              primary: true,
              privateIPAllocationMethod: 'Dynamic',
              subnet: { id: `${base}/Microsoft.Network/virtualNetworks/vnet/subnets/default` },
            },
          },
        ],
      },
    });
    return { id, properties: { primary: i === 0 } };
  });
  tenant.resources.put(`${base}/Microsoft.Compute/disks/${name}-os`, {
    location,
    sku: { name: 'Premium_LRS' },
    properties: {
      diskSizeGB: 30,
      creationData: { createOption: 'FromImage' },
      provisioningState: 'Succeeded',
    },
  });
  tenant.resources.put(vmId, {
    location,
    tags,
    properties: {
      provisioningState: 'Succeeded',
      instanceView: {
        vmAgent: {
          vmAgentVersion: '2.11.1.4',
          statuses: [{ code: 'ProvisioningState/succeeded', displayStatus: 'Ready' }],
        },
        statuses: [{ code: 'PowerState/running', displayStatus: 'VM running' }],
      },
      hardwareProfile: { vmSize: 'Standard_B2s' },
      storageProfile: {
        osDisk: {
          osType: 'Linux',
          name: `${name}-os`,
          createOption: 'FromImage',
          managedDisk: { id: `${base}/Microsoft.Compute/disks/${name}-os` },
        },
      },
      networkProfile: { networkInterfaces: nics },
    },
  });
  return vmId;
}
