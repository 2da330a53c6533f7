import { allActions } from '../actions/registry';
import { evidenceTables } from '../azure/log/evidence-logs';
import { surfaceDefinitions } from '../chat/surfaces';
import { storedResources } from '../domain/techniques/catalogue';
import { writeFile } from './support/file-fault';
import type { Output } from './support/output';

/** The query for management groups. Only routes by management group need it. */
export const managementGroupsAction = 'Microsoft.ResourceGraph/resources/read';

/** Permissions that the bot itself needs, in addition to those that its actions declare. */
const ownActions = [
  'Microsoft.Resources/subscriptions/read',
  'Microsoft.Insights/eventtypes/values/read',
  'Microsoft.Authorization/roleAssignments/read',
  'Microsoft.Authorization/roleDefinitions/read',
  'Microsoft.Authorization/denyAssignments/read',
  'Microsoft.Authorization/roleAssignmentScheduleInstances/read',
  'Microsoft.Authorization/roleEligibilityScheduleInstances/read',
  'Microsoft.Authorization/locks/read',
  'Microsoft.Compute/virtualMachines/read',
  'Microsoft.Compute/virtualMachines/instanceView/read',
  'Microsoft.Network/networkInterfaces/read',
  'Microsoft.Network/networkSecurityGroups/read',
  'Microsoft.Network/publicIPAddresses/read',
  'Microsoft.Network/virtualNetworks/read',
  'Microsoft.Network/virtualNetworks/subnets/read',
  'Microsoft.Network/locations/serviceTags/read',
  'Microsoft.Automation/automationAccounts/jobs/read',
  'Microsoft.Automation/automationAccounts/runbooks/draft/testJob/read',
  'Microsoft.Automation/automationAccounts/hybridRunbookWorkerGroups/hybridRunbookWorkers/read',
  managementGroupsAction,
];

/** Permissions of the watcher role: our own, and those that the techniques need to read scripts. */
export const watcherActions = (): string[] => [
  ...new Set([...ownActions, ...storedResources().map(({ type }) => `${type}/read`)]),
];

/** Permissions of all actions but the optional ones, without those of the watcher role. */
export const responderActions = (): string[] =>
  [...new Set(allActions().flatMap(({ permissions, optIn }) => (optIn ? [] : permissions)))]
    .filter((action) => !watcherActions().includes(action))
    .sort();

/** Permissions to query the tables that Runwatch reads in a workspace, and no others. */
export const logReaderActions = (): string[] =>
  [
    'read',
    ...['AzureActivity', 'Usage', ...evidenceTables.guest, ...evidenceTables.signIns].map(
      (table) => `${table}/read`,
    ),
  ].map((rest) => `Microsoft.OperationalInsights/workspaces/query/${rest}`);

/** Permissions to fetch scripts from machines: a role of their own, because they give root on machines. */
export const fetcherActions = (): string[] =>
  [...new Set(allActions().flatMap(({ permissions, optIn }) => (optIn ? permissions : [])))].sort();

/** The role that fetches scripts. It is printed only by its name. */
export const fetcherRole = 'script-fetcher';

/**
 * Custom roles in the format of `az role definition create`: one only reads, one acts, one, to be assigned on
 * the workspace, reads logs, and one fetches scripts.
 */
export function azureRoles(subscriptionId: string) {
  const role = (name: string, description: string, actions: readonly string[]) => ({
    Name: name,
    IsCustom: true,
    Description: description,
    Actions: actions,
    NotActions: [],
    DataActions: [],
    NotDataActions: [],
    AssignableScopes: [`/subscriptions/${subscriptionId}`],
  });
  return {
    watcher: role('Runwatch watcher', 'Reads what Runwatch shows and changes nothing.', watcherActions()),
    responder: role(
      'Runwatch responder',
      'What Runwatch actions need in addition to the watcher role.',
      responderActions(),
    ),
    'log-reader': role(
      'Runwatch log reader',
      'Queries the tables of a Log Analytics workspace that Runwatch reads.',
      logReaderActions(),
    ),
    [fetcherRole]: role(
      'Runwatch script fetcher',
      'Runs managed run commands on machines to fetch scripts. This gives root on them: assign it only where fetchScript is on.',
      fetcherActions(),
    ),
  } as const;
}

export interface ManifestFlags {
  subscription?: string;
  role?: keyof ReturnType<typeof azureRoles>;
  [flag: string]: string | undefined;
}

/**
 * @param kind a surface with a manifest, or azure-role
 * @param isShort print one object a line
 */
export function manifest(kind: string, flags: ManifestFlags, output: Output, isShort = false): void {
  const surface = surfaceDefinitions().find(({ name }) => name === kind)?.manifest;
  if (surface) {
    const { text, hint, file } = surface.create(flags);
    if (file) writeFile('--package', file.path, file.content);
    output.out(isShort ? JSON.stringify(JSON.parse(text)) : text);
    if (hint) output.err(hint);
    return;
  }
  const roles = azureRoles(flags.subscription ?? '00000000-0000-0000-0000-000000000000');
  const wanted = flags.role ? [roles[flags.role]] : [roles.watcher, roles.responder];
  if (isShort) for (const role of wanted) output.out(JSON.stringify(role));
  else output.out(JSON.stringify(flags.role ? wanted[0] : wanted, null, 2));
  if (!flags.subscription)
    output.err('Set the subscription where the roles can be assigned with --subscription.');
}
