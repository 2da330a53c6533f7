import { createLog } from '../../runtime/log';
import type { DoctorContext } from '../define-surface';
import { slackScopes } from './slack-manifest';
import type { SlackConfig } from './slack-settings';

/** Checks the token, its scopes and the channel. */
export async function checkSlack(settings: SlackConfig | null, { report }: DoctorContext): Promise<void> {
  if (!settings) {
    report({
      name: 'slack',
      topic: 'slack',
      ok: false,
      optional: true,
      says: 'not configured; alerts are shown in the console only',
      fix: 'run runwatch manifest slack > slack.json, create the app from it, and set SLACK_BOT_TOKEN and SLACK_CHANNEL',
    });
    return;
  }
  const { createSlackClient } = await import('./slack-app');
  const client = createSlackClient(settings, createLog('silent'));
  try {
    const who = await client.auth.test();
    report({
      name: 'slack token',
      topic: 'slack-token',
      ok: true,
      says: `accepted by ${who.team ?? 'Slack'}`,
    });
    const scopes = who.response_metadata?.scopes;
    for (const scope of scopes ? slackScopes : []) {
      report({
        name: `slack scope ${scope}`,
        topic: 'slack-scope',
        ok: scopes?.includes(scope) ?? false,
        says: scopes?.includes(scope) ? 'granted' : 'missing',
        fix: 'run runwatch manifest slack, paste the output under App Manifest, and reinstall the app',
      });
    }
  } catch (error) {
    report({
      name: 'slack token',
      topic: 'slack-token',
      ok: false,
      says: (error as Error).message,
      fix: 'set SLACK_BOT_TOKEN to the bot token of the installed app',
    });
    return;
  }
  try {
    await client.conversations.history({ channel: settings.channel, limit: 1 });
    report({
      name: 'slack channel',
      topic: 'slack-channel',
      ok: true,
      says: `${settings.channel} is readable`,
    });
  } catch (error) {
    report({
      name: 'slack channel',
      topic: 'slack-channel',
      ok: false,
      says: `${settings.channel}: ${(error as Error).message}`,
      fix: '/invite @Runwatch in the channel, or set SLACK_CHANNEL to its id',
    });
  }
}
