/** What could not be read, and why. */
export interface Failure {
  what: string;
  why: string;
  /** A retry before the logs are complete would not help. */
  final?: boolean;
}

export interface Window {
  /** RFC 3339. */
  from: string;
  to: string;
}

/** How a reading of logs went. Logs arrive late: they are read at once, and again when they are complete. */
export interface Reading extends Window {
  readAt: string;
  /** Failed readings in a row. */
  tries: number;
  /** The logs were complete, so they are not read again. */
  final: boolean;
  failed: Failure[];
}

/** After this long, few records of an event are still missing, ms. */
export const completeAfterMs = 20 * 60_000;
/** A failed reading is repeated after this long, then after four times as long, ms. */
const retryMs = 30_000;
const maxTries = 5;

const canRetry = ({ failed, tries }: Pick<Reading, 'failed' | 'tries'>) =>
  tries < maxTries && failed.some(({ final }) => !final);

/**
 * When logs are to be read, ms since 1970; null if never again.
 * @param reading the last one; undefined if there was none
 * @param completeAt when the window's logs are complete, ms
 */
export function dueAt(reading: Reading | undefined, window: Window, completeAt: number): number | null {
  if (!reading) return 0;
  const readAt = Date.parse(reading.readAt);
  if (reading.from !== window.from || reading.to !== window.to) return readAt + retryMs;
  if (reading.final) return null;
  return canRetry(reading) ? readAt + retryMs * 4 ** (reading.tries - 1) : completeAt;
}

/** Describes a reading that ended now. */
export function readingOf(
  { from, to }: Window,
  completeAt: number,
  failed: readonly Failure[],
  now: number,
  before: Reading | undefined,
): Reading {
  const tries = failed.length === 0 ? 0 : (before?.tries ?? 0) + 1;
  const reading = { from, to, readAt: new Date(now).toISOString(), tries, failed: [...failed] };
  return { ...reading, final: now >= completeAt && !canRetry(reading) };
}

/** True if tables failed now that a reading before had: what it found is kept then. */
export const losesTables = (before: readonly string[], failed: readonly Failure[]): boolean =>
  failed.some(({ what }) => before.includes(what));

/** Of two readings of the same logs, the later one. */
export const laterOf = <T extends Reading>(known: T | undefined, found: T): T =>
  known && known.readAt > found.readAt ? known : found;
