import { z } from 'zod';
import type { RequestRecord } from '../../src/demo/tenant/tenant';

/**
 * What Microsoft publishes about each write we send: path, versions, allowed and required body properties.
 * Sources: github.com/Azure/azure-rest-api-specs (definition named per entry) and learn.microsoft.com/graph.
 */
interface Published {
  method: 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  path: RegExp;
  /** ARM's api-version; Graph has its version in the path. */
  version: RegExp | null;
  body: z.ZodType;
}

const guid = z.guid();
const id = z.string().regex(/^\/subscriptions\/[^/]+\//);
const reference = z.looseObject({ id });
const tags = z.record(z.string(), z.string()).refine((all) => Object.keys(all).length <= 50);
const nothing = z.null();
const rg = '^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]{1,90}/providers';
const at = (rest: string) => new RegExp(`${rg}/${rest}$`, 'i');
const anywhere = (rest: string) => new RegExp(`/providers/${rest}$`, 'i');
/** Fields that a body may contain because it was read first; ARM accepts what it returned. */
const readBack = {
  id: id.optional(),
  name: z.string().optional(),
  type: z.string().optional(),
  etag: z.string().optional(),
};

/** network.json: SecurityRulePropertiesFormat. */
const rule = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,79}$/),
  properties: z.strictObject({
    description: z.string().max(140).optional(),
    protocol: z.enum(['Tcp', 'Udp', 'Icmp', 'Esp', '*', 'Ah']),
    sourcePortRange: z.string(),
    destinationPortRange: z.string(),
    sourceAddressPrefix: z.string(),
    destinationAddressPrefix: z.string(),
    access: z.enum(['Allow', 'Deny']),
    priority: z.int().min(100).max(4096),
    direction: z.enum(['Inbound', 'Outbound']),
  }),
});

const runCommandPath =
  'Microsoft\\.Compute/(virtualMachines/[^/]+|virtualMachineScaleSets/[^/]+/virtualMachines/\\d+)/runCommands/[^/]{1,80}';

const published: Published[] = [
  {
    // DataCollectionRules.json (Microsoft.Insights ingestion): Upload
    method: 'POST',
    path: /^\/dataCollectionRules\/dcr-[0-9a-f]{32}\/streams\/Custom-\w+$/,
    version: /^2023-01-01$/,
    body: z.array(z.looseObject({ TimeGenerated: z.iso.datetime() })),
  },
  {
    // ComputeRP.json: VirtualMachineRunCommand; location is required
    method: 'PUT',
    path: at(runCommandPath),
    version: /^2024-11-01$/,
    body: z.strictObject({
      location: z.string(),
      tags: tags.optional(),
      properties: z.strictObject({
        source: z.strictObject({ script: z.string() }),
        asyncExecution: z.boolean(),
        timeoutInSeconds: z.int().min(1),
      }),
    }),
  },
  { method: 'DELETE', path: at(runCommandPath), version: /^2024-11-01$/, body: nothing },
  {
    // ComputeRP.json: RunCommandInput; sent by `az vm run-command invoke` only
    method: 'POST',
    path: at('Microsoft\\.Compute/virtualMachines/[^/]{1,64}/runCommand'),
    version: /^20\d\d-\d\d-\d\d$/,
    body: z.strictObject({ commandId: z.string(), script: z.array(z.string()) }),
  },
  {
    method: 'PUT',
    path: at('Microsoft\\.Network/networkSecurityGroups/[^/]{1,80}'),
    version: /^20\d\d-\d\d-\d\d$/,
    body: z.strictObject({
      location: z.string(),
      tags: tags.optional(),
      properties: z.strictObject({ securityRules: z.array(rule).max(1000) }),
    }),
  },
  {
    // networkInterface.json: NetworkInterfacePropertiesFormat
    method: 'PUT',
    path: at('Microsoft\\.Network/networkInterfaces/[^/]{1,80}'),
    version: /^2025-05-01$/,
    body: z.strictObject({
      ...readBack,
      location: z.string(),
      tags: tags.optional(),
      properties: z.looseObject({
        networkSecurityGroup: reference.optional(),
        ipConfigurations: z
          .array(
            z.looseObject({
              name: z.string(),
              properties: z.looseObject({ subnet: reference, publicIPAddress: reference.optional() }),
            }),
          )
          .min(1),
      }),
    }),
  },
  {
    // networkInterface.json: NetworkInterfaces_ListEffectiveNetworkSecurityGroups, no body
    method: 'POST',
    path: at('Microsoft\\.Network/networkInterfaces/[^/]{1,80}/effectiveNetworkSecurityGroups'),
    version: /^20\d\d-\d\d-\d\d$/,
    body: nothing,
  },
  {
    // networkManagerEffectiveConfiguration.json: QueryRequestOptions
    method: 'POST',
    path: at('Microsoft\\.Network/virtualNetworks/[^/]{1,64}/listNetworkManagerEffectiveSecurityAdminRules'),
    version: /^20\d\d-\d\d-\d\d$/,
    body: z.strictObject({ skipToken: z.string().optional() }),
  },
  {
    // virtualMachine.json: VirtualMachineUpdate
    method: 'PATCH',
    path: at('Microsoft\\.Compute/virtualMachines/[^/]{1,64}'),
    version: /^20\d\d-\d\d-\d\d$/,
    body: z.strictObject({
      properties: z.strictObject({
        storageProfile: z.strictObject({
          osDisk: z
            .strictObject({
              name: z.string(),
              createOption: z.enum(['FromImage', 'Attach', 'Empty']),
              managedDisk: z.strictObject({ id }),
            })
            .optional(),
          dataDisks: z
            .array(
              z.strictObject({
                lun: z.int().min(0).max(63),
                name: z.string(),
                createOption: z.enum(['Attach', 'Empty', 'FromImage']),
                caching: z.enum(['None', 'ReadOnly', 'ReadWrite']).optional(),
                deleteOption: z.enum(['Delete', 'Detach']).optional(),
                writeAcceleratorEnabled: z.boolean().optional(),
                managedDisk: z.strictObject({ id }),
              }),
            )
            .optional(),
        }),
      }),
    }),
  },
  {
    // virtualMachine.json, virtualMachineScaleSet.json: no body
    method: 'POST',
    path: at(
      'Microsoft\\.Compute/(virtualMachines/[^/]+|virtualMachineScaleSets/[^/]+/virtualMachines/\\d+)/(restart|start|deallocate)',
    ),
    version: /^20\d\d-\d\d-\d\d$/,
    body: nothing,
  },
  {
    // snapshot.json: Snapshot
    method: 'PUT',
    path: at('Microsoft\\.Compute/snapshots/[^/]{1,80}'),
    version: /^20\d\d-\d\d-\d\d$/,
    body: z.strictObject({
      location: z.string(),
      tags: tags.optional(),
      properties: z.strictObject({
        incremental: z.boolean(),
        creationData: z.strictObject({ createOption: z.literal('Copy'), sourceResourceId: id }),
      }),
    }),
  },
  {
    // disk.json: Disk; hyperVGeneration and osType belong to system disks
    method: 'PUT',
    path: at('Microsoft\\.Compute/disks/[^/]{1,80}'),
    version: /^20\d\d-\d\d-\d\d$/,
    body: z.strictObject({
      location: z.string(),
      tags: tags.optional(),
      zones: z.array(z.string()).optional(),
      sku: z.strictObject({ name: z.string() }).optional(),
      properties: z.strictObject({
        osType: z.enum(['Windows', 'Linux']).optional(),
        hyperVGeneration: z.enum(['V1', 'V2']).optional(),
        securityProfile: z.looseObject({}).optional(),
        encryption: z.looseObject({}).optional(),
        networkAccessPolicy: z.enum(['AllowAll', 'AllowPrivate', 'DenyAll']).optional(),
        diskAccessId: id.optional(),
        publicNetworkAccess: z.enum(['Enabled', 'Disabled']).optional(),
        creationData: z.strictObject({ createOption: z.enum(['Copy', 'Restore']), sourceResourceId: id }),
      }),
    }),
  },
  {
    // virtualMachineRunCommands, virtualMachineExtensions; privatelinkscopes and machines of Arc
    method: 'DELETE',
    path: at(
      '(Microsoft\\.Compute/virtualMachines|Microsoft\\.HybridCompute/machines)/[^/]+/(runCommands|extensions)/[^/]+',
    ),
    version: /^20\d\d-\d\d-\d\d$/,
    body: nothing,
  },
  {
    // locks.json: ManagementLockObject
    method: 'PUT',
    path: anywhere('Microsoft\\.Authorization/locks/[^/]{1,260}'),
    version: /^(2016-09-01|2020-05-01)$/,
    body: z.strictObject({
      properties: z.strictObject({
        level: z.enum(['ReadOnly', 'CanNotDelete']),
        notes: z.string().max(512).optional(),
      }),
    }),
  },
  {
    method: 'DELETE',
    path: anywhere('Microsoft\\.Authorization/locks/[^/]{1,260}'),
    version: /^(2016-09-01|2020-05-01)$/,
    body: nothing,
  },
  {
    // authorization-RoleAssignmentsCalls.json: RoleAssignmentCreateParameters
    method: 'PUT',
    path: anywhere('Microsoft\\.Authorization/roleAssignments/[0-9a-f-]{36}'),
    version: /^2022-04-01$/,
    body: z.strictObject({
      properties: z.strictObject({
        roleDefinitionId: z.string().regex(/\/roleDefinitions\/[0-9a-f-]{36}$/i),
        principalId: guid,
        principalType: z.enum(['User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device']).optional(),
        description: z.string().optional(),
        condition: z.string().optional(),
        conditionVersion: z.literal('2.0').optional(),
        delegatedManagedIdentityResourceId: z.string().optional(),
      }),
    }),
  },
  {
    method: 'DELETE',
    path: anywhere('Microsoft\\.Authorization/roleAssignments/[0-9a-f-]{36}'),
    version: /^2022-04-01$/,
    body: nothing,
  },
  {
    // RoleAssignmentScheduleRequest.json: RoleAssignmentScheduleRequestProperties
    method: 'PUT',
    path: anywhere('Microsoft\\.Authorization/roleAssignmentScheduleRequests/[0-9a-f-]{36}'),
    version: /^2020-10-01$/,
    body: z.strictObject({
      properties: z.strictObject({
        principalId: guid,
        roleDefinitionId: z.string(),
        requestType: z.literal('AdminRemove'),
        justification: z.string().optional(),
        targetRoleAssignmentScheduleId: z.string().optional(),
        targetRoleAssignmentScheduleInstanceId: z.string().optional(),
        linkedRoleEligibilityScheduleId: z.string().optional(),
      }),
    }),
  },
  {
    // securityinsights, Incidents.json: IncidentProperties
    method: 'PUT',
    path: anywhere('Microsoft\\.SecurityInsights/incidents/[0-9a-f-]{36}'),
    version: /^2024-09-01$/,
    body: z.strictObject({
      etag: z.string().optional(),
      properties: z.strictObject({
        title: z.string().min(1),
        severity: z.enum(['High', 'Medium', 'Low', 'Informational']),
        status: z.enum(['New', 'Active', 'Closed']),
        classification: z
          .enum(['Undetermined', 'TruePositive', 'BenignPositive', 'FalsePositive'])
          .optional(),
        classificationReason: z
          .enum(['SuspiciousActivity', 'SuspiciousButExpected', 'IncorrectAlertLogic', 'InaccurateData'])
          .optional(),
        owner: z.looseObject({}).optional(),
        description: z.string().max(5000).optional(),
        firstActivityTimeUtc: z.iso.datetime().optional(),
        lastActivityTimeUtc: z.iso.datetime().optional(),
        labels: z.array(z.strictObject({ labelName: z.string() })).optional(),
      }),
    }),
  },
  {
    // Graph: update user, update servicePrincipal
    method: 'PATCH',
    path: /^\/v1\.0\/(users|servicePrincipals)\/[0-9a-f-]{36}$/,
    version: null,
    body: z.strictObject({ accountEnabled: z.boolean() }),
  },
  {
    method: 'POST',
    path: /^\/v1\.0\/(users|directoryObjects)\/[^/]+\/checkMemberGroups$/,
    version: null,
    body: z.strictObject({ groupIds: z.array(guid).min(1).max(20) }),
  },
  {
    method: 'POST',
    path: /^\/v1\.0\/directoryObjects\/getByIds$/,
    version: null,
    body: z.strictObject({ ids: z.array(guid).max(1000), types: z.array(z.string()).optional() }),
  },
  {
    method: 'POST',
    path: /^\/v1\.0\/users\/[0-9a-f-]{36}\/revokeSignInSessions$/,
    version: null,
    body: nothing,
  },
  {
    method: 'POST',
    path: /^\/v1\.0\/groups\/[0-9a-f-]{36}\/members\/\$ref$/,
    version: null,
    body: z.strictObject({
      '@odata.id': z.string().regex(/^https:\/\/[^/]+\/v1\.0\/directoryObjects\/[0-9a-f-]{36}$/),
    }),
  },
  {
    method: 'DELETE',
    path: /^\/v1\.0\/groups\/[0-9a-f-]{36}\/members\/[0-9a-f-]{36}\/\$ref$/,
    version: null,
    body: nothing,
  },
  {
    // resourcegraph.json: QueryRequest
    method: 'POST',
    path: /^\/providers\/Microsoft\.ResourceGraph\/resources$/,
    version: /^2022-10-01$/,
    body: z.strictObject({
      query: z.string().min(1),
      subscriptions: z.array(guid).optional(),
      options: z
        .strictObject({
          $top: z.int().min(1).max(1000).optional(),
          $skipToken: z.string().optional(),
          resultFormat: z.enum(['table', 'objectArray']).optional(),
        })
        .optional(),
    }),
  },
  {
    // monitor query logs, v1 models.tsp: QueryBody
    method: 'POST',
    path: /^\/v1\/workspaces\/[0-9a-f-]{36}\/query$/,
    version: null,
    body: z.strictObject({
      query: z.string().min(1),
      timespan: z.string().optional(),
      workspaces: z.array(z.string()).optional(),
    }),
  },
];

/** The writes that do not match what Microsoft publishes, each with the reason. */
export function unpublished(requests: readonly RequestRecord[]): string[] {
  return requests
    .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
    .flatMap(({ method, path, query, body }) => {
      const about = `${method} ${path}?${query}`;
      const known = published.find((one) => one.method === method && one.path.test(path));
      if (!known) return [`${about}: no such operation is published`];
      const version = new URLSearchParams(query).get('api-version') ?? '';
      if (known.version && !known.version.test(version)) return [`${about}: not a known version`];
      const read = known.body.safeParse(body);
      return read.success ? [] : [`${about} ${JSON.stringify(body)}: ${z.prettifyError(read.error)}`];
    });
}
