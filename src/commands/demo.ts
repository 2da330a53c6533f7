import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startApp } from '../app';
import { createAzure } from '../azure/azure';
import { allRoles, type Config, loadConfig } from '../config';
import { past, scenarios } from '../demo/scenarios';
import { startTenant } from '../demo/tenant/tenant';
import { furnish } from '../demo/world';
import { createLog } from '../log';
import { takeOverOutput } from '../own-output';
import { CommandError, type Output } from './output';
import { bar, progressLine } from './progress';
import { untilSignal } from './start';

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
  const log = createLog(env.RUNWATCH_LOG_LEVEL ?? 'warn');
  takeOverOutput(log);
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
  await untilSignal();
  await app.stop();
  await tenant.stop();
}

/** Whoever tries the demo is alone, so nothing waits for a second responder. */
const demoPolicy =
  'fourEyes: []\nenvironments: {production: {tags: {env: prod}}, test: {tags: {env: [dev, test]}}}';

/** What the environment sets stands; the rest is the demo's: everyone may press, polls are quick. */
function demoConfig(env: NodeJS.ProcessEnv, endpoint: string, token: string): Config {
  const ours = {
    RUNWATCH_DATA_DIR: './data/demo',
    RUNWATCH_PORT: '3000',
    RUNWATCH_POLL_SECONDS: '2',
    RUNWATCH_RESPONDERS: '*',
    RUNWATCH_CONFIG: 'the demo',
  };
  const { SLACK_BOT_TOKEN: _b, SLACK_CHANNEL: _c, AZURE_SUBSCRIPTION_IDS: _s, ...rest } = env;
  const all = { ...ours, ...rest, AZURE_RESOURCE_MANAGER_ENDPOINT: endpoint, AZURE_ACCESS_TOKEN: token };
  return loadConfig(all, (path) => (path === ours.RUNWATCH_CONFIG ? demoPolicy : readFileSync(path, 'utf8')));
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
