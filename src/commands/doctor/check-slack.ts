import type { Config } from '../../config/config';
import { slackScopes } from '../manifest';
import type { Report } from './report';

export async function checkSlack(config: Config, report: Report): Promise<void> {
  if (!config.slack) {
    report({
      name: 'slack',
      ok: false,
      optional: true,
      says: 'not configured; alerts are shown in the console only',
      fix: 'run runwatch manifest slack > slack.json, create the app from it, and set SLACK_BOT_TOKEN and SLACK_CHANNEL',
    });
    return;
  }
  const { createSlackClient } = await import('../../chat/slack/slack-app');
  const { createLog } = await import('../../runtime/log');
  const client = createSlackClient(config.slack, createLog('silent'));
  try {
    const who = await client.auth.test();
    report({ name: 'slack token', ok: true, says: `accepted by ${who.team ?? 'Slack'}` });
    const scopes = who.response_metadata?.scopes;
    for (const scope of scopes ? slackScopes : []) {
      report({
        name: `slack scope ${scope}`,
        ok: scopes?.includes(scope) ?? false,
        says: scopes?.includes(scope) ? 'granted' : 'missing',
        fix: 'run runwatch manifest slack, paste the output under App Manifest, and reinstall the app',
      });
    }
  } catch (error) {
    report({
      name: 'slack token',
      ok: false,
      says: (error as Error).message,
      fix: 'set SLACK_BOT_TOKEN to the bot token of the installed app',
    });
    return;
  }
  try {
    await client.conversations.history({ channel: config.slack.channel, limit: 1 });
    report({ name: 'slack channel', ok: true, says: `${config.slack.channel} is readable` });
  } catch (error) {
    report({
      name: 'slack channel',
      ok: false,
      says: `${config.slack.channel}: ${(error as Error).message}`,
      fix: '/invite @Runwatch in the channel, or set SLACK_CHANNEL to its id',
    });
  }
}
