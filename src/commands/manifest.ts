import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { allActions } from '../actions/registry';
import { addToAlertShortcut } from '../chat/slack/listen-to-pages';
import type { Output } from './support/output';

/** Permissions that the bot itself needs, in addition to those that its actions declare. */
const watcherActions = [
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
  'Microsoft.Compute/virtualMachines/runCommands/read',
  'Microsoft.Compute/virtualMachines/extensions/read',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/read',
  'Microsoft.Compute/virtualMachineScaleSets/extensions/read',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/read',
  'Microsoft.HybridCompute/machines/runCommands/read',
  'Microsoft.HybridCompute/machines/extensions/read',
  'Microsoft.Network/networkInterfaces/read',
  'Microsoft.Network/networkSecurityGroups/read',
  'Microsoft.Network/publicIPAddresses/read',
  'Microsoft.Network/virtualNetworks/subnets/read',
];

/** Permissions of all actions, without those of the watcher role. */
export const responderActions = (): string[] =>
  [...new Set(allActions().flatMap(({ permissions }) => permissions))]
    .filter((action) => !watcherActions.includes(action))
    .sort();

export { watcherActions };

/** Two custom roles in the format of `az role definition create`: one only reads, the other acts. */
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
    watcher: role('Runwatch watcher', 'Reads what Runwatch shows and changes nothing.', watcherActions),
    responder: role(
      'Runwatch responder',
      'What Runwatch actions need in addition to the watcher role.',
      responderActions(),
    ),
  };
}

/** OAuth scopes of the Slack app. @see https://docs.slack.dev/reference/scopes */
export const slackScopes = [
  'chat:write',
  'channels:history',
  'groups:history',
  'commands',
  'users:read',
  'users:read.email',
  'usergroups:read',
  'channels:read',
  'groups:read',
  'channels:manage',
];

/** Slack's app manifest. @see https://docs.slack.dev/reference/app-manifest */
export function slackManifest(url: string | undefined) {
  const requestUrl = url ? `${url.replace(/\/+$/, '')}/slack/events` : undefined;
  return {
    display_information: {
      name: 'Runwatch',
      description: 'Detects commands run on Azure machines through the control plane',
      background_color: '#0757ba',
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      bot_user: { display_name: 'Runwatch', always_online: true },
      shortcuts: [
        {
          name: 'Add to alert',
          type: 'message',
          callback_id: addToAlertShortcut,
          description: 'Add this message to the thread of an open alert',
        },
      ],
      slash_commands: [
        {
          command: '/runwatch',
          description: 'Roles, who can run commands, exceptions, status',
          usage_hint: 'roles CALLER [SCOPE] | who-can SCOPE | exceptions | status',
          should_escape: false,
          ...(requestUrl ? { url: requestUrl } : {}),
        },
      ],
    },
    oauth_config: { scopes: { bot: slackScopes } },
    settings: {
      event_subscriptions: {
        bot_events: ['app_home_opened'],
        ...(requestUrl ? { request_url: requestUrl } : {}),
      },
      interactivity: { is_enabled: true, ...(requestUrl ? { request_url: requestUrl } : {}) },
      org_deploy_enabled: false,
      socket_mode_enabled: !requestUrl,
      token_rotation_enabled: false,
    },
  };
}

/** The Teams app's manifest. @see https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema */
export function teamsManifest(appId: string) {
  const commands = [
    { title: 'status', description: 'Status of polling and alerts' },
    { title: 'roles', description: 'roles CALLER [SCOPE]: the roles of a caller' },
    { title: 'who-can', description: 'who-can SCOPE: everyone who can run commands in a scope' },
    { title: 'exceptions', description: 'Active exceptions' },
  ];
  const scopes = ['team', 'groupChat', 'personal'];
  const site = 'https://runwatch.example';
  return {
    $schema: 'https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json',
    manifestVersion: '1.19',
    version: '1.0.0',
    id: appId,
    developer: {
      name: 'Runwatch',
      websiteUrl: site,
      privacyUrl: `${site}/privacy`,
      termsOfUseUrl: `${site}/terms`,
    },
    name: { short: 'Runwatch', full: 'Runwatch: commands run on Azure machines' },
    description: {
      short: 'Detects commands run on Azure machines through the control plane',
      full: 'Tells the security team who ran a command on a machine, which role allowed it and what else the caller can do. Responders can act from the message.',
    },
    icons: { color: 'color.png', outline: 'outline.png' },
    accentColor: '#0757BA',
    bots: [
      {
        botId: appId,
        scopes,
        supportsFiles: false,
        isNotificationOnly: false,
        commandLists: [{ scopes, commands }],
      },
    ],
    permissions: ['identity', 'messageTeamMembers'],
    validDomains: [],
    // If Teams' answer to a message is lost, the bot searches for the message before it sends it again.
    webApplicationInfo: { id: appId, resource: 'https://runwatch.example' },
    authorization: {
      permissions: {
        resourceSpecific: [
          { name: 'ChannelMessage.Read.Group', type: 'Application' },
          { name: 'ChatMessage.Read.Chat', type: 'Application' },
        ],
      },
    },
  };
}

/** The Teams app package: a zip file with the manifest and two icons (192 and 32 pixels wide). */
function teamsPackage(manifestText: string): Uint8Array {
  const icon = (name: string) => new Uint8Array(readFileSync(join(__dirname, '../../data/teams', name)));
  return zipSync({
    'manifest.json': strToU8(manifestText),
    'color.png': icon('color.png'),
    'outline.png': icon('outline.png'),
  });
}

export function manifest(
  kind: 'slack' | 'teams' | 'azure-role',
  flags: {
    url?: string;
    appId?: string;
    subscription?: string;
    role?: 'watcher' | 'responder';
    package?: string;
  },
  output: Output,
): void {
  if (kind === 'slack') {
    output.out(JSON.stringify(slackManifest(flags.url), null, 2));
    return;
  }
  if (kind === 'teams') {
    const appId = flags.appId ?? process.env.TEAMS_APP_ID;
    const text = JSON.stringify(teamsManifest(appId ?? '00000000-0000-0000-0000-000000000000'), null, 2);
    output.out(text);
    if (flags.package) writeFileSync(flags.package, teamsPackage(text));
    if (!appId) output.err('Set the app ID of the bot with --app-id or TEAMS_APP_ID.');
    return;
  }
  const roles = azureRoles(flags.subscription ?? '00000000-0000-0000-0000-000000000000');
  output.out(JSON.stringify(flags.role ? roles[flags.role] : [roles.watcher, roles.responder], null, 2));
  if (!flags.subscription)
    output.err('Set the subscription where the roles can be assigned with --subscription.');
}
