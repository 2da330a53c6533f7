import { type App, startApp } from '../app';
import { createAzure } from '../azure/azure';
import { createDemoChat } from '../chat/demo/demo-chat';
import { createDemoSignIn } from '../chat/demo/demo-sign-in';
import { addPaneRoutes, slackPane } from '../chat/demo/slack-pane';
import { allRoles, type Config } from '../config/config';
import { logHistory, scenarios } from '../demo/scenarios';
import { addTeam, analyst, auditor, responder, team } from '../demo/team';
import { botToken, startTenant, type Tenant } from '../demo/tenant/tenant';
import { addWorkspace, demoWorkspaceId } from '../demo/workspace';
import { grantBot, populateTenant, subscriptions, type World } from '../demo/world';
import { loadConfig } from '../load-config';
import type { Log } from '../runtime/log';

/** What an analyst does alone or, with `fourEyes`, asks for. */
const analystMay = [
  ...['acknowledge', 'investigate', 'assign', 'assign_to', 'close', 'reopen', 'add_note'],
  ...['ask_caller', 'show_roles', 'review_access', 'watch', 'unwatch', 'escalate'],
  ...['add_exception', 'undo_exception', 'quick_exception', 'extend_exception', 'remove_exception'],
  ...['isolate', 'release'],
];

/** Incidents are created in the tenant. */
const demoPolicy = `responders:
  - {who: [${analyst.login}], may: [${analystMay.join(', ')}]}
  - {who: [${responder.login}], may: all}
fourEyes: [isolate]
environments: {production: {tags: {env: prod}}, test: {tags: {env: [dev, test]}}}
escalation: {sentinel: /subscriptions/${subscriptions.payments}/resourceGroups/rg-soc/providers/Microsoft.OperationalInsights/workspaces/soc}
`;

/**
 * The demo's settings: frequent polls, and the rights of its people. Only the port and the log level come from
 * the environment, so that an .env file for a real tenant has no effect.
 */
export function demoConfig(env: NodeJS.ProcessEnv, endpoint: string, token: string, dataDir: string): Config {
  const { RUNWATCH_PORT = '3000', RUNWATCH_LOG_LEVEL = 'warn' } = env;
  const ours = {
    RUNWATCH_PORT,
    RUNWATCH_LOG_LEVEL,
    RUNWATCH_PUBLIC_URL: `http://127.0.0.1:${RUNWATCH_PORT}`,
    RUNWATCH_DATA_DIR: dataDir,
    RUNWATCH_POLL_SECONDS: '2',
    RUNWATCH_READERS: auditor.login,
    RUNWATCH_CONFIG: 'the demo',
    // Nobody is sent there: the demo's own sign-in vouches for its people in the issuer's name.
    RUNWATCH_OIDC_ISSUER: `${endpoint}/sign-in`,
    RUNWATCH_OIDC_CLIENT_ID: 'demo',
    RUNWATCH_OIDC_CLIENT_SECRET: 'the demo has no client secret',
    AZURE_RESOURCE_MANAGER_ENDPOINT: endpoint,
    AZURE_ACCESS_TOKEN: token,
    LOG_ANALYTICS_WORKSPACE_ID: demoWorkspaceId,
  };
  return loadConfig(ours, () => demoPolicy);
}

export interface RunningDemo {
  app: App;
  config: Config;
  tenant: Tenant;
  world: World;
  stop: () => Promise<void>;
}

/** Starts the whole bot without configuration: embedded Redis, simulated tenant, console, and people to sign in as. */
export async function startDemo(
  env: NodeJS.ProcessEnv,
  dataDir: string,
  logOf: (config: Config) => Log,
): Promise<RunningDemo> {
  const tenant = await startTenant({ token: botToken });
  const world = populateTenant(tenant);
  grantBot(tenant);
  addTeam(tenant);
  logHistory(tenant, world);
  addWorkspace(tenant);
  const chat = createDemoChat([...Object.values(world.people), ...team]);
  chat.define();
  const config = demoConfig(env, tenant.endpoint, tenant.token, dataDir);
  const directory = { tenant: tenant.state.tenantId, issuer: config.signIn?.issuer ?? '' };
  const app = await startApp({
    config,
    roles: allRoles,
    backfillDelayMs: 0,
    log: logOf(config),
    demo: {
      panel: {
        choices: scenarios.map(({ name, says }) => ({ name, says })),
        play: (name) => scenarios.find((scenario) => scenario.name === name)?.play(tenant, world),
      },
      people: team,
      signIn: (deps) => createDemoSignIn(team, directory, deps),
      pane: (alertId, csrf, now) => slackPane(chat, alertId, csrf, now),
      addRoutes: (router, deps, frame) => addPaneRoutes(router, chat, deps, frame),
    },
    azure: (metrics) =>
      createAzure(config, {
        tlsOptions: { ca: tenant.ca },
        graphEndpoint: tenant.endpoint,
        logAnalyticsEndpoint: tenant.endpoint,
        onCall: metrics.calledAzure,
      }),
  });
  const stop = async () => {
    await app.stop();
    await tenant.stop();
  };
  return { app, config, tenant, world, stop };
}
