import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { startApp } from '../app';
import { createAzure } from '../azure/azure';
import { createDemoChat } from '../chat/demo/demo-chat';
import { allRoles, type Config } from '../config/config';
import { logHistory, scenarios } from '../demo/scenarios';
import { botToken, startTenant } from '../demo/tenant/tenant';
import { grantBot, populateTenant, subscriptions } from '../demo/world';
import { loadConfig } from '../load-config';
import { captureOutput } from '../runtime/capture-output';
import { createLog } from '../runtime/log';
import { untilSignal } from './start';
import { CommandError, type Output } from './support/output';
import { bar, progressLine } from './support/progress';

export interface DemoFlags {
  scenario?: string;
  open: boolean;
}

/** Runs the whole bot without configuration: embedded Redis, simulated tenant, console. */
export async function demo(flags: DemoFlags, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const chosen = scenarios.filter(({ name, extra }) => (flags.scenario ? name === flags.scenario : !extra));
  if (chosen.length === 0) {
    throw new CommandError(
      `--scenario: got ${flags.scenario}, expected one of ${scenarios.map(({ name }) => name).join(', ')}`,
      2,
    );
  }
  const tenant = await startTenant({ token: botToken });
  const world = populateTenant(tenant);
  grantBot(tenant);
  logHistory(tenant, world);
  const chat = createDemoChat(Object.values(world.people));
  chat.define();
  const config = demoConfig(env, tenant.endpoint, tenant.token);
  const log = createLog(config.logLevel);
  captureOutput(log);
  const signal = untilSignal();
  const app = await startApp({
    config,
    roles: allRoles,
    backfillDelayMs: 0,
    log,
    panel: {
      choices: scenarios.map(({ name, says }) => ({ name, says })),
      play: (name) => scenarios.find((scenario) => scenario.name === name)?.play(tenant, world),
    },
    azure: (metrics) =>
      createAzure(config, {
        tlsOptions: { ca: tenant.ca },
        graphEndpoint: tenant.endpoint,
        onCall: metrics.calledAzure,
      }),
  });
  output.out(`Runwatch demo: ${app.url}/console`);
  output.err('The tenant is simulated; no data leaves this machine. Press Ctrl+C to stop.');
  output.err(`Its data and its own Redis are in ${resolve(config.dataDir)}. Your settings are not used.`);
  output.err('Loading two months of history…');
  let share = 0;
  const progress = progressLine(output, () => `history ${bar(share)}`);
  await app.historyFilled((filled) => {
    share = filled;
    progress.tick();
  });
  progress.done();
  for (const scenario of chosen) {
    scenario.play(tenant, world);
    output.err(`  ${scenario.name}: ${scenario.says}`);
  }
  if (flags.open) openBrowser(`${app.url}/console`);
  await signal;
  await app.stop();
  await tenant.stop();
}

/** The demo has one user, so no action may wait for a second responder. Incidents are created in the tenant. */
const demoPolicy = `fourEyes: []
environments: {production: {tags: {env: prod}}, test: {tags: {env: [dev, test]}}}
escalation: {sentinel: /subscriptions/${subscriptions.payments}/resourceGroups/rg-soc/providers/Microsoft.OperationalInsights/workspaces/soc}
`;

/**
 * The demo's settings: everyone may act, and polls are frequent. Only the port and the log level come from
 * the environment, so that an .env file for a real tenant has no effect.
 */
export function demoConfig(env: NodeJS.ProcessEnv, endpoint: string, token: string): Config {
  const { RUNWATCH_PORT = '3000', RUNWATCH_LOG_LEVEL = 'warn' } = env;
  const ours = {
    RUNWATCH_PORT,
    RUNWATCH_LOG_LEVEL,
    RUNWATCH_DATA_DIR: './data/demo',
    RUNWATCH_POLL_SECONDS: '2',
    RUNWATCH_RESPONDERS: '*',
    RUNWATCH_CONFIG: 'the demo',
    AZURE_RESOURCE_MANAGER_ENDPOINT: endpoint,
    AZURE_ACCESS_TOKEN: token,
  };
  return loadConfig(ours, () => demoPolicy);
}

/** Opens the address in a browser if there is a desktop. */
function openBrowser(url: string): void {
  const desktop = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!desktop) return;
  const program =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  spawn(program, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
