import { format } from 'node:util';
import type { Log } from './log';

/** Logs only the message: an error's other fields may contain call arguments such as passwords. */
const shown = (part: unknown) => (part instanceof Error ? part.message : part);

/**
 * Redirects console output and Node.js warnings to our log, where they are structured and free of our
 * secrets. Uncaught errors are logged before the process exits.
 */
export function captureOutput(log: Log): void {
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
  process.on('warning', (warning) => log.warn({ error: warning }, 'Node.js warning'));
  const end = (error: unknown, what: string) => {
    log.fatal({ error }, what);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => end(error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => end(error, 'unhandled promise rejection'));
}
