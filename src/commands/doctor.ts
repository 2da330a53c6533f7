import { waysTo } from '../alerts/access';
import { declarations } from '../alerts/declarations';
import type { Azure } from '../azure/azure';
import { createAzure } from '../azure/azure';
import { appCredential, botScope } from '../azure/credential';
import { AzureError } from '../azure/errors';
import type { Config, EventHubConfig } from '../config';
import { describeRedis } from '../store/describe-redis';
import { startEmbeddedRedis } from '../store/embedded-redis';
import { createStore } from '../store/store';
import { responderActions, slackScopes, watcherActions } from './manifest';
import { type Output, paint } from './output';
import { progressLine } from './progress';
import { checkReach } from './reach';

export interface Check {
  name: string;
  ok: boolean;
  /** True when the product works without it, with less. */
  optional?: boolean;
  says: string;
  /** A command or a setting that mends it. */
  fix?: string;
}

/** Checks what the bot needs; says how to mend each. Resolves with the exit code. */
export async function doctor(flags: { json?: boolean }, config: Config, output: Output): Promise<number> {
  const checks: Check[] = [];
  const progress = progressLine(output, () => `${checks.length} checked …`);
  const report = (check: Check) => {
    checks.push(check);
    progress.done();
    if (flags.json) output.out(JSON.stringify(check));
    else {
      const mark = check.ok
        ? paint(output, 'green', 'ok  ')
        : check.optional
          ? paint(output, 'yellow', 'warn')
          : paint(output, 'red', 'FAIL');
      output.out(
        `${mark}  ${check.name}: ${check.says}${!check.ok && check.fix ? `\n      ${check.fix}` : ''}`,
      );
    }
    progress.tick();
  };
  await checkReach(config, report);
  await checkAzure(config, report);
  await checkSlack(config, report);
  await checkTeams(config, report);
  await checkRedis(config, report);
  progress.done();
  const failed = checks.filter((check) => !check.ok && !check.optional).length;
  output.err(`${checks.length} checks, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

export type Report = (check: Check) => void;

async function checkAzure(config: Config, report: Report): Promise<void> {
  const azure = createAzure(config);
  const credential = config.azure.accessToken ? 'AZURE_ACCESS_TOKEN' : 'DefaultAzureCredential';
  let subscriptions: { id: string; name: string }[];
  try {
    subscriptions = await azure.subscriptions();
  } catch (error) {
    const { message, remedy = '' } = error as AzureError;
    report({
      name: 'azure credential',
      ok: false,
      says: `${credential}: ${message}`,
      fix: remedy || 'az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET',
    });
    return;
  }
  report({
    name: 'azure credential',
    ok: true,
    says: `${await azure.whoWon().catch(() => credential)} is accepted by ${config.azure.endpoint}`,
  });
  const wanted = config.azure.subscriptionIds ?? subscriptions.map((subscription) => subscription.id);
  report({
    name: 'azure subscriptions',
    ok: wanted.length > 0,
    says: `${wanted.length} to watch`,
    fix: 'az role assignment create --assignee BOT --role Reader --scope /subscriptions/ID',
  });
  const botId = await azure.botId();
  for (const id of wanted) await checkSubscription(azure, id, botId, report);
  await checkGraph(azure, report);
  if (config.eventHub) await checkEventHub(azure, config.eventHub, report);
  if (config.workspaceId) await checkWorkspace(azure, config.workspaceId, wanted, report);
}

async function checkWorkspace(
  azure: Azure,
  workspaceId: string,
  subscriptionIds: readonly string[],
  report: Report,
): Promise<void> {
  const to = new Date();
  const from = new Date(to.getTime() - 90 * 86_400_000);
  const window = { from: from.toISOString(), to: to.toISOString() };
  try {
    const since = await Promise.all(
      subscriptionIds.map((subscriptionId) =>
        azure.workspace.since(workspaceId, { subscriptionId, ...window }),
      ),
    );
    const exported = since.filter((at) => at !== null).length;
    report({
      name: 'log analytics',
      ok: exported > 0,
      optional: true,
      says: `${workspaceId} has the activity log of ${exported} of ${since.length} subscriptions`,
      fix: 'az monitor diagnostic-settings subscription create --name runwatch --location global --workspace WORKSPACE --logs \'[{"category":"Administrative","enabled":true}]\'',
    });
  } catch (error) {
    report({
      name: 'log analytics',
      ok: false,
      optional: true,
      says: (error as Error).message,
      fix: 'az role assignment create --assignee BOT --role "Log Analytics Reader" --scope WORKSPACE',
    });
  }
}

async function checkEventHub(azure: Azure, hub: EventHubConfig, report: Report): Promise<void> {
  try {
    const partitions = await azure.partitionsOf(hub);
    report({ name: 'event hub', ok: true, says: `${hub.name} is readable, ${partitions.length} partitions` });
  } catch (error) {
    report({
      name: 'event hub',
      ok: false,
      says: `${hub.name}: ${(error as Error).message.slice(0, 300)}`,
      fix: hub.connectionString
        ? 'set EVENT_HUB_CONNECTION_STRING to one with Listen, and EVENT_HUB_NAME to the hub that the diagnostic setting names'
        : 'az role assignment create --assignee BOT --role "Azure Event Hubs Data Receiver" --scope HUB; EVENT_HUB_NAME is the hub that the diagnostic setting names',
    });
  }
}

async function checkSubscription(
  azure: Azure,
  id: string,
  botId: string | null,
  report: Report,
): Promise<void> {
  const to = new Date();
  const window = {
    subscriptionId: id,
    from: new Date(to.getTime() - 3_600_000).toISOString(),
    to: to.toISOString(),
  };
  try {
    for await (const page of azure.readLog(window)) {
      report({
        name: `activity log of ${id}`,
        ok: true,
        says: `readable, ${page.records.length}${page.more ? ' and more' : ''} events in the last hour`,
      });
      reportLag(id, page.records, report);
      break;
    }
  } catch (error) {
    report({
      name: `activity log of ${id}`,
      ok: false,
      says: (error as Error).message,
      fix: (error as AzureError).remedy,
    });
  }
  if (!botId) {
    report({
      name: `permissions on ${id}`,
      ok: false,
      optional: true,
      says: "the token names no object id, so the bot's own roles can't be looked up",
    });
    return;
  }
  try {
    const scope = `/subscriptions/${id}`;
    const [assignments, definitions] = await Promise.all([
      azure.assignmentsOf(botId, id),
      azure.roleDefinitions(scope),
    ]);
    for (const [actions, optional] of [
      [watcherActions, false],
      [responderActions(), true],
    ] as const) {
      for (const action of actions) {
        const { ways } = waysTo({ action, scope, principals: null }, assignments, definitions);
        const through = ways[0]?.role.name;
        report({
          name: `${action} on ${id}`,
          ok: through !== undefined,
          optional,
          says: through
            ? `through ${through}`
            : optional
              ? 'missing: the response that needs it will fail'
              : 'missing',
          fix: `runwatch manifest azure-role --role ${optional ? 'responder' : 'watcher'} --subscription ${id} > role.json && az role definition create --role-definition role.json && az role assignment create --assignee ${botId} --role "Runwatch ${optional ? 'responder' : 'watcher'}" --scope ${scope}`,
        });
      }
    }
  } catch (error) {
    report({
      name: `permissions on ${id}`,
      ok: false,
      says: (error as Error).message,
      fix: error instanceof AzureError ? error.remedy : '',
    });
  }
}

/** How late events reach the log, by what the last hour's say themselves. */
function reportLag(id: string, records: readonly unknown[], report: Report): void {
  const lags = records
    .map((record) => record as { eventTimestamp?: string | Date; submissionTimestamp?: string | Date })
    .map((r) => new Date(r.submissionTimestamp ?? '').getTime() - new Date(r.eventTimestamp ?? '').getTime())
    .filter((ms) => ms >= 0)
    .sort((a, b) => a - b);
  const worst = lags.at(-1);
  if (worst === undefined) return;
  const minutes = (ms: number) => `${(ms / 60_000).toFixed(1)} min`;
  report({
    name: `log lag of ${id}`,
    ok: worst < 20 * 60_000,
    optional: true,
    says: `events reach the log after ${minutes(lags[Math.floor(lags.length / 2)] ?? worst)}, ${minutes(worst)} at most`,
    fix: 'set RUNWATCH_LOOKBACK_MINUTES above the longest, so that late events are read',
  });
}

/** Each Graph permission that a response needs, against what the bot's token for Graph carries. */
async function checkGraph(azure: Azure, report: Report): Promise<void> {
  const granted = await azure.graphRoles();
  const wanted = ['Directory.Read.All', ...declarations.flatMap(({ graph }) => graph ?? [])];
  for (const permission of new Set(wanted)) {
    const ok = granted?.includes(permission) ?? false;
    report({
      name: `graph ${permission}`,
      ok,
      optional: true,
      says: ok
        ? 'granted'
        : granted
          ? 'missing: names, or the response that needs it, are lacking'
          : 'not known: a pasted token does not reach Microsoft Graph',
      fix: `grant the application permission ${permission} (Microsoft Graph) to the bot, with admin consent`,
    });
  }
}

async function checkSlack(config: Config, report: Report): Promise<void> {
  if (!config.slack) {
    report({
      name: 'slack',
      ok: false,
      optional: true,
      says: 'not set up; alerts show in the console only',
      fix: 'runwatch manifest slack > slack.json, create the app from it, set SLACK_BOT_TOKEN and SLACK_CHANNEL',
    });
    return;
  }
  const { createSlackClient } = await import('../chat/slack/slack-app');
  const { createLog } = await import('../log');
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
        fix: 'runwatch manifest slack, paste it under App Manifest, reinstall the app',
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
    report({ name: 'slack channel', ok: true, says: `${config.slack.channel} can be read` });
  } catch (error) {
    report({
      name: 'slack channel',
      ok: false,
      says: `${config.slack.channel}: ${(error as Error).message}`,
      fix: '/invite @Runwatch in the channel, or set SLACK_CHANNEL to its id',
    });
  }
}

/** The app's secret must get a token for Bot Framework; where it is installed, the bot learns from Teams by itself. */
async function checkTeams({ teams, redisUrl }: Config, report: Report): Promise<void> {
  if (!teams || teams.local) return;
  const { appId, appPassword, tenantId } = teams;
  try {
    await appCredential({ appId, appPassword, tenantId }).getToken(botScope);
    report({ name: 'teams app', ok: true, says: `${appId} gets a token from tenant ${tenantId}` });
  } catch (error) {
    report({
      name: 'teams app',
      ok: false,
      says:
        String((error as Error).message)
          .split('\n')[0]
          ?.slice(0, 300) ?? '',
      fix: `az ad app credential reset --id ${appId}, and set TEAMS_APP_PASSWORD to what it prints; TEAMS_TENANT_ID to the bot's tenant`,
    });
  }
  if (!redisUrl) return;
  const store = createStore({ url: redisUrl }, []);
  const installed = Object.keys(await store.teams.conversations()).length;
  await store.close();
  report({
    name: 'teams conversations',
    ok: installed > 0,
    optional: true,
    says: installed > 0 ? `the app is in ${installed}` : 'the app is in none yet, so nobody is told there',
    fix: 'runwatch manifest teams --package runwatch.zip, upload it under Manage your apps, add it to the team',
  });
}

async function checkRedis(config: Config, report: Report): Promise<void> {
  const embedded = config.redisUrl
    ? null
    : await startEmbeddedRedis(config.dataDir).catch((error: Error) => error);
  if (embedded instanceof Error) {
    report({ name: 'redis', ok: false, says: embedded.message, fix: 'npm run setup' });
    return;
  }
  const found = await describeRedis(embedded?.address ?? { url: config.redisUrl as string });
  if (!found) report({ name: 'redis', ok: false, says: 'does not answer', fix: 'check REDIS_URL' });
  else {
    report({
      name: 'redis version',
      ok: found.major >= 6,
      says: found.version,
      fix: 'use Redis 6.2 or later',
    });
    report({
      name: 'redis persistence',
      ok: found.appendOnly,
      says: found.appendOnly ? 'append-only file' : 'no append-only file: a crash of Redis loses alerts',
      fix: 'redis-cli CONFIG SET appendonly yes',
    });
    report({
      name: 'redis eviction',
      ok: found.policy === 'noeviction',
      says: found.policy,
      fix: 'redis-cli CONFIG SET maxmemory-policy noeviction',
    });
    report({
      name: 'clock',
      ok: Math.abs(found.skewMs) < 5000,
      says: `${Math.round(found.skewMs)} ms from Redis`,
      fix: 'let NTP set the clock of both machines',
    });
  }
  await embedded?.stop();
}
