import { defineSurface } from '../define-surface';
import { checkSlack } from './doctor-slack';
import { slackManifest } from './slack-manifest';
import { slackSettings } from './slack-settings';

/** Slack sends requests only over https. The path of its requests is added to it. */
const isRequestUrl = (value: string): boolean => {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && !url.search && !url.hash && !url.username && !url.password;
};

/** Slack, over Socket Mode or HTTP. Its client libraries are loaded only where it is configured. */
defineSurface({
  ...slackSettings,
  title: 'Slack',
  connect: async (settings, context) => (await import('./connect-slack')).connectSlack(settings, context),
  endpoints: ({ apiUrl }) => [apiUrl],
  doctor: checkSlack,
  manifest: {
    options: [
      {
        flags: '--url <url>',
        description: 'URL where Slack reaches the bot over HTTP (default: Socket Mode)',
        expected: 'an https URL such as https://runwatch.contoso.example',
        accepts: isRequestUrl,
      },
    ],
    create: ({ url }) => ({ text: JSON.stringify(slackManifest(url), null, 2) }),
  },
});
