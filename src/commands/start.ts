import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startApp } from '../app';
import { allRoles, type Config, type Role } from '../config/config';
import { captureOutput } from '../runtime/capture-output';
import { createLog } from '../runtime/log';
import { startTracing } from '../runtime/tracing';
import { CommandError } from './support/output';

/**
 * By default, V8 lets the heap grow to three times the live data. A lower limit fits a burst of alerts into a
 * small container.
 */
const heapGrowthFlag = '--heap-growing-percent=50';

/** Runs the bot until it receives a signal to stop. */
export async function start(roleNames: string | undefined, config: Config): Promise<void> {
  setFlagsFromString(heapGrowthFlag);
  const roles = parseRoles(roleNames);
  const log = createLog(config.logLevel);
  captureOutput(log);
  const signal = untilSignal();
  const { version } = require('../../package.json') as { version: string };
  const stopTracing = await startTracing(config.tracing, version, (text, error) => log.warn({ error }, text));
  const app = await startApp({ config, roles, log });
  releaseMemory();
  const refused = app.refused.then(() => {
    process.exitCode = 1;
  });
  await Promise.race([signal, refused]);
  await app.stop();
  await stopTracing();
  // An open connection must not keep the process alive.
  setTimeout(() => process.exit(), 500).unref();
}

/**
 * Returns memory that startup no longer needs to the system: Node 24 keeps empty pages while a process is
 * idle. The options are defined in V8's src/extensions/gc-extension.cc.
 */
function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

export function parseRoles(names: string | undefined): readonly Role[] {
  if (!names) return allRoles;
  const wanted = names
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const unknown = wanted.filter((name) => !allRoles.includes(name as Role));
  if (unknown.length > 0 || wanted.length === 0) {
    throw new CommandError(
      `--roles: got ${unknown.join(', ') || 'nothing'}, expected some of ${allRoles.join(', ')}`,
      2,
    );
  }
  return wanted as Role[];
}

/**
 * A shell and npm both forward a signal, so signals within this time count as one, ms. A later signal ends
 * the process at once.
 */
const duplicateSignalMs = 3000;

export const untilSignal = (): Promise<void> =>
  new Promise((done) => {
    let first = 0;
    const onSignal = () => {
      first ||= Date.now();
      if (Date.now() - first > duplicateSignalMs) process.exit(130);
      done();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
