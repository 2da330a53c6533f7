import type { Log } from './log';

type Warn = (error: unknown, message: string) => void;
const warns = new WeakMap<Log, Warn>();

/** Logs at most one warning per second per process, because one outage affects many connections at once. */
export function rateLimitedWarn(log: Log): Warn {
  let last = 0;
  const warn: Warn = (error, message) => {
    if (Date.now() - last < 1000) return;
    last = Date.now();
    log.warn({ error }, message);
  };
  const known = warns.get(log) ?? warn;
  warns.set(log, known);
  return known;
}
