import { format } from 'node:util';
import type { Log } from './log';

/** An error's other fields may hold what it was called with, a password among them. */
const shown = (part: unknown) => (part instanceof Error ? part.message : part);

/**
 * Makes stdout and stderr ours alone: what dependencies print by console.* or as warnings becomes a line of our log, so that
 * it is structured, and without our secrets. What nobody caught is logged before the process ends.
 */
export function takeOverOutput(log: Log): void {
  const levels = {
    log: 'info',
    dir: 'info',
    table: 'info',
    info: 'info',
    debug: 'debug',
    trace: 'debug',
    warn: 'warn',
    error: 'error',
  } as const;
  for (const [name, level] of Object.entries(levels) as [
    keyof typeof levels,
    'info' | 'debug' | 'warn' | 'error',
  ][])
    console[name] = (...parts: unknown[]) =>
      log[level]({ from: 'console' }, format(...parts.map(shown)).slice(0, 2000));
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ error: warning }, 'a warning of Node.js'));
  const end = (error: unknown, what: string) => {
    log.fatal({ error }, what);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => end(error, 'an error that nobody caught'));
  process.on('unhandledRejection', (error) => end(error, 'a rejection that nobody caught'));
}
