import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { scenarios } from '../demo/scenarios';
import { captureOutput } from '../runtime/capture-output';
import { createLog } from '../runtime/log';
import { startDemo } from './demo-app';
import { untilSignal } from './start';
import { CommandError, type Output } from './support/output';
import { bar, progressLine } from './support/progress';

export interface DemoFlags {
  scenario?: string;
  open: boolean;
}

/** Runs the demo until a signal, and plays its scenarios once the history is loaded. */
export async function demo(flags: DemoFlags, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const chosen = scenarios.filter(({ name, extra }) => (flags.scenario ? name === flags.scenario : !extra));
  if (chosen.length === 0) {
    throw new CommandError(
      `--scenario: got ${flags.scenario}, expected one of ${scenarios.map(({ name }) => name).join(', ')}`,
      2,
    );
  }
  const signal = untilSignal();
  const { app, config, tenant, world, stop } = await startDemo(env, './data/demo', ({ logLevel }) => {
    const log = createLog(logLevel);
    captureOutput(log);
    return log;
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
  await stop();
  // An open connection must not keep the process alive.
  setTimeout(() => process.exit(), 500).unref();
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
