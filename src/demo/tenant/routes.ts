import { ArmError, type ArmRequest } from './answers';
import type { Resource, Resources } from './resources';
import { answerPlain, type Route } from './route';
import { answerActivityLog } from './serve-activity-log';
import { answerAssignment, listAssignments, listDefinitions, listScoped } from './serve-authorization';
import { computeRoutes } from './serve-compute';
import { contentRoutes } from './serve-machine-content';
import { answerEffectiveRules, answerNetwork, effectiveRules } from './serve-network';
import { answerResourceGraph } from './serve-resource-graph';
import { runCommandRoutes } from './serve-run-commands';
import type { TenantState } from './tenant-state';

const any = /^20\d\d-\d\d-\d\d(-preview)?$/;
const rg = '/subscriptions/[^/]+/resourceGroups/[^/]+';

export const routes: Route[] = [
  {
    method: /^GET$/,
    path: /^\/subscriptions$/i,
    action: 'Microsoft.Resources/subscriptions/read',
    versions: any,
    answer: (_, state) => ({
      status: 200,
      body: {
        value: [...state.subscriptions].map(([id, name]) => ({
          id: `/subscriptions/${id}`,
          subscriptionId: id,
          displayName: name,
          state: 'Enabled',
          tenantId: state.tenantId,
        })),
      },
    }),
  },
  {
    method: /^POST$/,
    path: /^\/providers\/Microsoft\.ResourceGraph\/resources$/i,
    action: 'Microsoft.ResourceGraph/resources/read',
    versions: any,
    answer: answerResourceGraph,
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Insights\/eventtypes\/management\/values$/i,
    action: 'Microsoft.Insights/eventtypes/values/read',
    versions: /^2015-04-01$/,
    answer: (request, state) =>
      answerActivityLog(request, state.log, { now: state.now(), pageSize: state.pageSize }),
  },
  {
    method: /^GET$/,
    path: /\/providers\/Microsoft\.Authorization\/roleAssignments$/i,
    action: 'Microsoft.Authorization/roleAssignments/read',
    versions: /^2(015-07-01|022-04-01)$/,
    answer: (request, state) => listAssignments(request, state.resources, state.directory),
  },
  {
    method: /^(GET|PUT|DELETE)$/,
    path: /\/providers\/Microsoft\.Authorization\/roleAssignments\/[^/]+$/i,
    action: 'Microsoft.Authorization/roleAssignments/*',
    versions: /^2(015-07-01|022-04-01)$/,
    answer: (request, state) => answerAssignment(request, state.resources, state.now()),
  },
  {
    method: /^GET$/,
    path: /\/providers\/Microsoft\.Authorization\/roleDefinitions$/i,
    action: 'Microsoft.Authorization/roleDefinitions/read',
    versions: any,
    answer: (request, state) => listDefinitions(request, state.builtInRoles, state.customRoles),
  },
  {
    method: /^GET$/,
    path: /\/providers\/Microsoft\.Authorization\/denyAssignments$/i,
    action: 'Microsoft.Authorization/denyAssignments/read',
    versions: any,
    answer: (request, state) => listScoped(request, state.denyAssignments, state.directory),
  },
  {
    method: /^GET$/,
    path: /\/providers\/Microsoft\.Authorization\/role(Assignment|Eligibility)ScheduleInstances$/i,
    action: 'Microsoft.Authorization/roleAssignmentScheduleInstances/read',
    versions: any,
    answer: (request, state) =>
      listScoped(
        request,
        /eligibility/i.test(request.path) ? state.pimEligible : state.pimActive,
        state.directory,
      ),
  },
  {
    method: /^(GET|PUT|DELETE)$/,
    path: /\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i,
    action: 'Microsoft.Authorization/locks/*',
    versions: any,
    answer: (request, state) =>
      answerPlain(request, state, ({ properties }) => {
        if (!['ReadOnly', 'CanNotDelete'].includes(String(properties?.level))) {
          throw new ArmError(400, 'InvalidLockLevel', 'The lock level must be CanNotDelete or ReadOnly.');
        }
      }),
  },
  {
    method: /^(GET|PUT|DELETE)$/,
    path: new RegExp(`^${rg}/providers/Microsoft\\.Compute/snapshots/[^/]+$`, 'i'),
    action: 'Microsoft.Compute/snapshots/*',
    versions: any,
    answer: (request, state) =>
      answerPlain(request, state, ({ properties }) => {
        const source = (properties?.creationData as { sourceResourceId?: string } | undefined)
          ?.sourceResourceId;
        if (!source)
          throw new ArmError(
            400,
            'InvalidParameter',
            'Required parameter creationData.sourceResourceId is missing.',
          );
      }),
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Authorization\/locks$/i,
    action: 'Microsoft.Authorization/locks/read',
    versions: any,
    answer: (request, state) => {
      const scope = request.path.replace(/\/providers\/.*$/, '').toLowerCase();
      return {
        status: 200,
        body: {
          value: state.resources
            .ofType('Microsoft.Authorization/locks')
            .filter((lock) => lock.id.toLowerCase().startsWith(scope)),
        },
      };
    },
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/virtualMachines$/i,
    action: 'Microsoft.Compute/virtualMachines/read',
    versions: any,
    answer: (request, state) => {
      const { value, ...link } = listOfType(request, state);
      const status = request.query.get('statusOnly') === 'true';
      const views = value.map((vm) => (status ? statusOf(vm) : modelOf(vm)));
      return { status: 200, body: { value: views, ...link } };
    },
  },
  ...runCommandRoutes,
  {
    method: /^(GET|DELETE)$/,
    path: new RegExp(
      `^${rg}/providers/Microsoft\\.Compute/virtualMachines/[^/]+/(runCommands|extensions)/[^/]+$`,
      'i',
    ),
    action: 'Microsoft.Compute/virtualMachines/$child/*',
    versions: any,
    answer: (request, state) => answerPlain(request, state, () => {}),
  },
  {
    method: /^(GET|DELETE)$/,
    path: new RegExp(
      `^${rg}/providers/Microsoft\\.HybridCompute/machines/[^/]+/(runCommands|extensions)/[^/]+$`,
      'i',
    ),
    action: 'Microsoft.HybridCompute/machines/$child/*',
    versions: any,
    answer: (request, state) => answerPlain(request, state, () => {}),
  },
  ...computeRoutes,
  ...contentRoutes,
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/(networkInterfaces|networkSecurityGroups|publicIPAddresses|virtualNetworks)$/i,
    action: 'Microsoft.Network/$type/read',
    versions: any,
    answer: (request, state) => {
      const { value, ...link } = listOfType(request, state);
      const withSubnets = value.map((network) => ({
        ...network,
        properties: { ...network.properties, ...subnetsOf(network, state.resources) },
      }));
      return { status: 200, body: { value: withSubnets, ...link } };
    },
  },
  {
    method: /^GET$/,
    path: new RegExp(`^${rg}/providers/Microsoft\\.Network/virtualNetworks/[^/]+/subnets/[^/]+$`, 'i'),
    action: 'Microsoft.Network/virtualNetworks/subnets/read',
    versions: any,
    answer: (request, state) => ({ status: 200, body: state.resources.get(request.path) }),
  },
  {
    method: /^(GET|PUT|DELETE)$/,
    path: new RegExp(
      `^${rg}/providers/Microsoft\\.Network/(networkInterfaces|networkSecurityGroups|publicIPAddresses)(/[^/]+)?$`,
      'i',
    ),
    action: 'Microsoft.Network/$type/*',
    versions: any,
    answer: (request, state, subscription) => answerNetwork(request, state.resources, subscription),
  },
  {
    method: /^POST$/,
    path: new RegExp(
      `^${rg}/providers/Microsoft\\.Network/networkInterfaces/[^/]+/effectiveNetworkSecurityGroups$`,
      'i',
    ),
    action: 'Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action',
    versions: any,
    answer: (request, state, subscription) => answerEffectiveRules(request, state.resources, subscription),
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/locations\/[^/]+\/operationResults\/[^/]+$/i,
    action: 'Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action',
    versions: any,
    answer: (request, state) => effectiveRules(request, state.resources),
  },
  {
    method: /^POST$/,
    path: new RegExp(
      `^${rg}/providers/Microsoft\\.Network/virtualNetworks/[^/]+/listNetworkManagerEffectiveSecurityAdminRules$`,
      'i',
    ),
    action: 'Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action',
    versions: any,
    answer: (_, state) => ({ status: 200, body: { value: state.adminRules } }),
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/locations\/[^/]+\/serviceTags$/i,
    action: 'Microsoft.Network/locations/serviceTags/read',
    versions: any,
    answer: (_, { serviceTags }) => ({
      status: 200,
      body: { name: 'Public', type: 'Microsoft.Network/serviceTags', cloud: 'Public', values: serviceTags },
    }),
  },
  {
    method: /^GET$/,
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/locations\/[^/]+\/operations\/[^/]+$/i,
    action: 'Microsoft.Network/locations/operations/read',
    versions: any,
    answer: () => ({ status: 200, body: { status: 'Succeeded' } }),
  },
];

/** A page of the resources of a type in a subscription, with a nextLink as ARM sends it. */
function listOfType({ path, query, origin }: ArmRequest, { resources, pageSize }: TenantState) {
  const [, scope = '', type = ''] = /^(.*)\/providers\/(.*)$/i.exec(path.toLowerCase()) ?? [];
  const all = resources.ofType(type).filter(({ id }) => id.toLowerCase().startsWith(`${scope}/`));
  const from = Number(query.get('$skiptoken') ?? 0);
  const value = all.slice(from, from + pageSize);
  if (from + pageSize >= all.length) return { value };
  const rest = new URLSearchParams(query);
  rest.set('$skiptoken', String(from + pageSize));
  return { value, nextLink: `${origin}${path}?${rest}` };
}

/** A list has the machine's settings without its status. */
const modelOf = ({ properties: { instanceView: _, userData: _u, ...properties }, ...vm }: Resource) => ({
  ...vm,
  properties,
});

/** With statusOnly, a list has the machine's status without its settings and tags. */
const statusOf = ({ id, name, type, location, properties }: Resource) => ({
  id,
  name,
  type,
  location,
  properties: { instanceView: properties.instanceView },
});

function subnetsOf({ id, type }: Resource, resources: Resources) {
  return /virtualNetworks$/i.test(type) ? { subnets: resources.under(`${id}/subnets`) } : {};
}
