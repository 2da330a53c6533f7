import { randomUUID } from 'node:crypto';
import { type Answer, ArmError, type ArmRequest } from './answers';
import type { Resource } from './resources';
import { answerPlain, type Route } from './route';
import { machineView } from './serve-machine-content';
import type { TenantState } from './tenant-state';

const any = /^20\d\d-\d\d-\d\d(-preview)?$/;
const rg = '/subscriptions/[^/]+/resourceGroups/[^/]+';

/** A long-running operation as Compute answers it: 202 with a status URL. */
const accepted = ({ origin }: ArmRequest, subscription: string): Answer => ({
  status: 202,
  headers: {
    'retry-after': '0',
    'azure-asyncoperation': `${origin}/subscriptions/${subscription}/providers/Microsoft.Compute/locations/westeurope/operations/${randomUUID()}?api-version=2024-11-01`,
  },
});

const powerOf = { restart: 'running', start: 'running', deallocate: 'deallocated' } as const;

function answerPower(request: ArmRequest, state: TenantState, subscription: string): Answer {
  const [, id = '', verb = ''] = /^(.*)\/(\w+)$/.exec(request.path) ?? [];
  const machine = state.resources.get(id);
  setPower(machine, powerOf[verb.toLowerCase() as keyof typeof powerOf]);
  return accepted(request, subscription);
}

function setPower(machine: Resource, power: string): void {
  const view = (machine.properties.instanceView ?? {}) as Record<string, unknown>;
  machine.properties.instanceView = {
    ...view,
    statuses: [{ code: `PowerState/${power}`, displayStatus: `VM ${power}` }],
  };
}

/** Changes only disks. The OS disk can be swapped only while the machine is deallocated. */
function updateMachine(request: ArmRequest, state: TenantState): Answer {
  const machine = state.resources.get(request.path);
  const { osDisk: wanted, dataDisks } = (request.body as Loose)?.properties?.storageProfile ?? {};
  const storage = machine.properties.storageProfile as Loose;
  for (const { lun, createOption, managedDisk } of dataDisks ?? []) {
    if (typeof lun !== 'number' || createOption !== 'Attach')
      throw new ArmError(400, 'InvalidParameter', 'A data disk is attached by lun and createOption Attach.');
    if (!state.resources.find(managedDisk?.id ?? ''))
      throw new ArmError(404, 'NotFound', `Disk ${managedDisk?.id} is not found.`);
  }
  if (dataDisks) storage.dataDisks = dataDisks;
  if (wanted) {
    const power = JSON.stringify(machine.properties.instanceView ?? {});
    if (!power.includes('PowerState/deallocated'))
      throw new ArmError(
        409,
        'OperationNotAllowed',
        'Swapping OS disk is allowed only when the VM is deallocated.',
      );
    if (!state.resources.find(wanted.managedDisk?.id ?? ''))
      throw new ArmError(404, 'NotFound', `Disk ${wanted.managedDisk?.id} is not found.`);
    storage.osDisk = { ...storage.osDisk, name: wanted.name, managedDisk: { id: wanted.managedDisk.id } };
  }
  return { status: 200, body: machine };
}

// biome-ignore lint/suspicious/noExplicitAny: ARM's JSON is untyped here
type Loose = any;

/** Routes for machine power and disks, PIM requests and Sentinel incidents. */
export const computeRoutes: Route[] = [
  {
    method: /^POST$/,
    path: new RegExp(
      `^${rg}/providers/Microsoft\\.Compute/(virtualMachines/[^/]+|virtualMachineScaleSets/[^/]+/virtualMachines/[^/]+)/(restart|start|deallocate)$`,
      'i',
    ),
    action: 'Microsoft.Compute/$machines/$last/action',
    versions: any,
    answer: answerPower,
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/locations\/[^/]+\/operations\/[^/]+$/i,
    action: 'Microsoft.Compute/locations/operations/read',
    versions: any,
    answer: () => ({ status: 200, body: { status: 'Succeeded' } }),
  },
  {
    method: /^(GET|PATCH)$/,
    path: new RegExp(`^${rg}/providers/Microsoft\\.Compute/virtualMachines/[^/]+$`, 'i'),
    action: 'Microsoft.Compute/virtualMachines/*',
    versions: any,
    answer: (request, state) =>
      request.method === 'GET'
        ? { status: 200, body: machineView(request, state.resources.get(request.path)) }
        : updateMachine(request, state),
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/snapshots$/i,
    action: 'Microsoft.Compute/snapshots/read',
    versions: any,
    answer: (_, state) => ({
      status: 200,
      body: { value: state.resources.ofType('Microsoft.Compute/snapshots') },
    }),
  },
  {
    method: /^(GET|PUT)$/,
    path: new RegExp(`^${rg}/providers/Microsoft\\.Compute/disks/[^/]+$`, 'i'),
    action: 'Microsoft.Compute/disks/*',
    versions: any,
    answer: (request, state) =>
      answerPlain(request, state, ({ properties }) => {
        const { sourceResourceId: source, createOption } = (properties?.creationData ?? {}) as Loose;
        if (!source || !state.resources.find(source))
          throw new ArmError(404, 'NotFound', `Resource ${source} is not found.`);
        const wanted = /\/diskRestorePoints\//i.test(source) ? 'Restore' : 'Copy';
        if (createOption !== wanted)
          throw new ArmError(400, 'InvalidParameter', `createOption must be ${wanted} for ${source}.`);
      }),
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/restorePointCollections$/i,
    action: 'Microsoft.Compute/restorePointCollections/read',
    versions: any,
    answer: (_, state) => ({
      status: 200,
      body: { value: state.resources.ofType('Microsoft.Compute/restorePointCollections') },
    }),
  },
  {
    method: /^GET$/,
    path: new RegExp(`^${rg}/providers/Microsoft\\.Compute/restorePointCollections/[^/]+$`, 'i'),
    action: 'Microsoft.Compute/restorePointCollections/read',
    versions: any,
    answer: ({ path, query }, state) => {
      const { properties, ...collection } = state.resources.get(path);
      const points = state.resources.under(`${path}/restorePoints`);
      const expanded = query.get('$expand') === 'restorePoints' ? { restorePoints: points } : {};
      return { status: 200, body: { ...collection, properties: { ...properties, ...expanded } } };
    },
  },
  {
    method: /^PUT$/,
    path: /\/providers\/Microsoft\.Authorization\/roleAssignmentScheduleRequests\/[0-9a-f-]{36}$/i,
    action: 'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
    versions: any,
    answer: (request, state) => {
      const { principalId, roleDefinitionId, requestType } = (request.body as Loose)?.properties ?? {};
      if (!principalId || !roleDefinitionId || requestType !== 'AdminRemove')
        throw new ArmError(
          400,
          'InvalidRequestContent',
          'principalId, roleDefinitionId and requestType are required.',
        );
      const found = state.pimActive.findIndex(({ properties }) => properties.principalId === principalId);
      if (found < 0)
        throw new ArmError(400, 'RoleAssignmentDoesNotExist', 'The Role assignment does not exist.');
      state.pimActive.splice(found, 1);
      return { status: 201, body: { id: request.path, properties: { status: 'Revoked', principalId } } };
    },
  },
  {
    method: /^(GET|PUT)$/,
    path: new RegExp(
      `^${rg}/providers/Microsoft\\.OperationalInsights/workspaces/[^/]+/providers/Microsoft\\.SecurityInsights/incidents/[0-9a-f-]{36}$`,
      'i',
    ),
    action: 'Microsoft.SecurityInsights/incidents/*',
    versions: /^2024-09-01$/,
    answer: (request, state) => {
      if (request.method === 'GET') return { status: 200, body: state.resources.get(request.path) };
      const properties = (request.body as Loose)?.properties ?? {};
      if (!properties.title || !properties.severity || !properties.status)
        throw new ArmError(400, 'BadRequest', 'title, severity and status are required.');
      const incidentUrl = `https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident${request.path}`;
      const { resource } = state.resources.put(request.path, { properties: { ...properties, incidentUrl } });
      return { status: 201, body: resource };
    },
  },
];
