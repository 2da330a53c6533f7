import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';

/** The Teams app's manifest. @see https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema */
export function teamsManifest(appId: string) {
  const commands = [
    { title: 'home', description: 'Your alerts, unassigned alerts, exceptions to review, what is in force' },
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
export function teamsPackage(manifestText: string): Uint8Array {
  const icon = (name: string) => new Uint8Array(readFileSync(join(__dirname, '../../../data/teams', name)));
  return zipSync({
    'manifest.json': strToU8(manifestText),
    'color.png': icon('color.png'),
    'outline.png': icon('outline.png'),
  });
}
