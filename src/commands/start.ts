import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startApp } from '../app';
import { allRoles, type Config, type Role } from '../config/config';
import { createLog } from '../runtime/log';
import { takeOverOutput } from '../runtime/own-output';
import { CommandError } from './support/output';

/** V8 lets garbage grow to three times what lives; with less, a flood fits a small container. */
const heapGrowsBy = '--heap-growing-percent=50';

/** Runs the bot until it is told to stop. */
export async function start(roleNames: string | undefined, config: Config): Promise<void> {
  setFlagsFromString(heapGrowsBy);
  const roles = parseRoles(roleNames);
  const log = createLog(config.logLevel);
  takeOverOutput(log);
  const signal = untilSignal();
  const app = await startApp({ config, roles, log });
  giveBackMemory();
  await signal;
  await app.stop();
  // A connection that still waits for its peer must not keep the process.
  setTimeout(() => process.exit(), 500).unref();
}

/**
 * What starting left as garbage goes back to the system: Node 24 keeps the emptied pages of a process that then is idle.
 * The words are those of V8's src/extensions/gc-extension.cc.
 */
function giveBackMemory(): void {
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

/** A shell and npm both pass a signal on: what comes twice at once is meant once. Who insists later gets their way. */
const onceWithinMs = 3000;

export const untilSignal = (): Promise<void> =>
  new Promise((done) => {
    let first = 0;
    const told = () => {
      first ||= Date.now();
      if (Date.now() - first > onceWithinMs) process.exit(130);
      done();
    };
    process.on('SIGTERM', told);
    process.on('SIGINT', told);
  });
