import type { Log } from './log';

type Warn = (error: unknown, message: string) => void;
const warns = new WeakMap<Log, Warn>();

/** Warns at most once a second in all of a process: what many connections suffer at once is one thing to say. */
export function onceASecond(log: Log): Warn {
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
