import { guid } from '../../domain/text/guid';
import { defineSurface } from '../define-surface';
import { checkTeams } from './doctor-teams';
import { teamsManifest, teamsPackage } from './teams-manifest';
import { teamsSettings } from './teams-settings';

const anyApp = '00000000-0000-0000-0000-000000000000';

/** Microsoft Teams. Microsoft's SDK is loaded only where it is configured. */
defineSurface({
  ...teamsSettings,
  title: 'Teams',
  connect: async (settings, context) => (await import('./connect-teams')).connectTeams(settings, context),
  endpoints: ({ local }) =>
    local ? [] : ['https://login.microsoftonline.com', 'https://smba.trafficmanager.net'],
  doctor: checkTeams,
  manifest: {
    options: [
      {
        flags: '--app-id <id>',
        description: 'app ID of the bot (default: TEAMS_APP_ID)',
        expected: 'the app ID of the bot (a GUID)',
        accepts: (value) => guid(value) !== null,
      },
      { flags: '--package <file>', description: 'also write the app package, a zip file with the icons' },
    ],
    create: ({ appId = process.env.TEAMS_APP_ID, package: path }) => {
      const text = JSON.stringify(teamsManifest(appId ?? anyApp), null, 2);
      return {
        text,
        ...(appId ? {} : { hint: 'Set the app ID of the bot with --app-id or TEAMS_APP_ID.' }),
        ...(path ? { file: { path, content: teamsPackage(text) } } : {}),
      };
    },
  },
});
