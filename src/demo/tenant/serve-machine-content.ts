import type { ArmRequest } from './answers';
import type { Resource } from './resources';
import { answerPlain, type Route } from './route';

const any = /^20\d\d-\d\d-\d\d(-preview)?$/;
const rg = '/subscriptions/[^/]+/resourceGroups/[^/]+';
const path = (rest: string) => new RegExp(`^${rg}/providers/${rest}$`, 'i');

/** Azure returns user data only where it is asked for, and custom data never. */
export function machineView({ query }: Pick<ArmRequest, 'query'>, machine: Resource): Resource {
  const isAsked = query.get('$expand')?.toLowerCase() === 'userdata';
  const { virtualMachineProfile: profile, ...own } = withoutData(machine.properties, isAsked);
  const properties = profile
    ? { ...own, virtualMachineProfile: withoutData(profile as Resource['properties'], isAsked) }
    : own;
  return { ...machine, properties };
}

function withoutData(properties: Resource['properties'], isAsked: boolean): Resource['properties'] {
  const { userData, osProfile, ...rest } = properties;
  const { customData: _, ...os } = (osProfile ?? {}) as Record<string, unknown>;
  return { ...rest, ...(osProfile ? { osProfile: os } : {}), ...(isAsked && userData ? { userData } : {}) };
}

const reads = (resource: string, action: string): Route => ({
  method: /^GET$/,
  path: path(resource),
  action,
  versions: any,
  answer: (request, state) => ({
    status: 200,
    body: machineView(request, state.resources.get(request.path)),
  }),
});

const child = (machine: string, name: string, type: string): Route => ({
  method: /^(GET|DELETE)$/,
  path: path(`${machine}/${name}/[^/]+`),
  action: `${type}/*`,
  versions: any,
  answer: (request, state) => answerPlain(request, state, () => {}),
});

const scaleSet = 'Microsoft\\.Compute/virtualMachineScaleSets/[^/]+';
const account = 'Microsoft\\.Automation/automationAccounts/[^/]+';
const automation = 'Microsoft.Automation/automationAccounts';

/** What machines, scale sets and jobs run. Test jobs have no `properties`. */
export const contentRoutes: Route[] = [
  reads(scaleSet, 'Microsoft.Compute/virtualMachineScaleSets/read'),
  reads(
    `${scaleSet}/virtualMachines/[^/]+`,
    'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read',
  ),
  reads(
    'Microsoft\\.Compute/galleries/[^/]+/applications/[^/]+/versions/[^/]+',
    'Microsoft.Compute/galleries/applications/versions/read',
  ),
  child(scaleSet, 'extensions', 'Microsoft.Compute/virtualMachineScaleSets/extensions'),
  ...['runCommands', 'extensions'].map((name) =>
    child(
      `${scaleSet}/virtualMachines/[^/]+`,
      name,
      `Microsoft.Compute/virtualMachineScaleSets/virtualMachines/${name}`,
    ),
  ),
  child(
    'Microsoft\\.ConnectedVMwarevSphere/virtualMachines/[^/]+',
    'extensions',
    'Microsoft.ConnectedVMwarevSphere/virtualMachines/extensions',
  ),
  reads(`${account}/jobs/[^/]+`, `${automation}/jobs/read`),
  {
    method: /^GET$/,
    path: path(`${account}/runbooks/[^/]+/draft/testJob`),
    action: `${automation}/runbooks/draft/testJob/read`,
    versions: any,
    answer: (request, state) => ({ status: 200, body: state.resources.get(request.path).properties }),
  },
  {
    method: /^GET$/,
    path: path(`${account}/hybridRunbookWorkerGroups/[^/]+/hybridRunbookWorkers`),
    action: `${automation}/hybridRunbookWorkerGroups/hybridRunbookWorkers/read`,
    versions: any,
    answer: (request, state) => ({ status: 200, body: { value: state.resources.under(request.path) } }),
  },
];
