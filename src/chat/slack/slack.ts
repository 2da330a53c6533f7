import { defineSurface } from '../define-surface';
import { checkSlack } from './doctor-slack';
import { slackManifest } from './slack-manifest';
import { slackSettings } from './slack-settings';

/** Slack, over Socket Mode or HTTP. Its client libraries are loaded only where it is configured. */
defineSurface({
  ...slackSettings,
  title: 'Slack',
  connect: async (settings, context) => (await import('./connect-slack')).connectSlack(settings, context),
  endpoints: ({ apiUrl }) => [apiUrl],
  doctor: checkSlack,
  manifest: {
    options: [['--url <url>', 'URL where Slack reaches the bot over HTTP (default: Socket Mode)']],
    create: ({ url }) => ({ text: JSON.stringify(slackManifest(url), null, 2) }),
  },
});
