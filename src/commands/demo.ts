import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { startApp } from '../app';
import { createAzure } from '../azure/azure';
import { allRoles, type Config, loadConfig } from '../config/config';
import { past, scenarios } from '../demo/scenarios';
import { startTenant } from '../demo/tenant/tenant';
import { furnish } from '../demo/world';
import { createLog } from '../runtime/log';
import { takeOverOutput } from '../runtime/own-output';
import { untilSignal } from './start';
import { CommandError, type Output } from './support/output';
import { bar, progressLine } from './support/progress';

export interface DemoFlags {
  scenario?: string;
  open: boolean;
}

/** The whole bot with nothing configured: embedded Redis, a simulated tenant, the console. */
export async function demo(flags: DemoFlags, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const chosen = scenarios.filter(({ name, extra }) => (flags.scenario ? name === flags.scenario : !extra));
  if (chosen.length === 0) {
    throw new CommandError(
      `--scenario: got ${flags.scenario}, expected one of ${scenarios.map(({ name }) => name).join(', ')}`,
      2,
    );
  }
  const tenant = await startTenant();
  const world = furnish(tenant);
  past(tenant, world);
  const config = demoConfig(env, tenant.endpoint, tenant.token);
  const log = createLog(config.logLevel);
  takeOverOutput(log);
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
  output.err('A simulated tenant, nothing leaves this machine. Stop with Ctrl+C.');
  output.err(
    `Its data: ${resolve(config.dataDir)}, and a Redis of its own there. Your settings are not used.`,
  );
  output.err('Reading two months of history first …');
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

/** Whoever tries the demo is alone, so nothing waits for a second responder. */
const demoPolicy =
  'fourEyes: []\nenvironments: {production: {tags: {env: prod}}, test: {tags: {env: [dev, test]}}}';

/**
 * The demo's own settings: everyone may press, polls are quick. Of the environment only the port and the log's level count, so
 * that an .env for a real tenant, its Redis and its chats stay out of it.
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

/** Opens the address where there is a desktop to open it on. */
function openBrowser(url: string): void {
  const desktop = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!desktop) return;
  const program =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  spawn(program, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
