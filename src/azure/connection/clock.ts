/** The Date header is in whole seconds, and responses take time to arrive. */
export const ignoredOffsetMs = 5000;
/** A larger host clock offset is reported, ms. */
export const maxClockOffsetMs = 60_000;

/** Azure's time from the Date headers of its responses, for hosts with a wrong clock. */
export function createAzureClock(now: () => number = Date.now) {
  let offsetMs = 0;
  return {
    /** @param serverMs a Date header, ms since 1970 */
    observe: (serverMs: number): void => {
      const offset = serverMs - now();
      offsetMs = Math.abs(offset) <= ignoredOffsetMs ? 0 : offset;
    },
    /** Azure's time, ms since 1970; the host's time before the first response. */
    now: (): number => now() + offsetMs,
    /** How far Azure's clock is ahead of the host's, ms; 0 within five seconds. */
    offsetMs: (): number => offsetMs,
  };
}
export type AzureClock = ReturnType<typeof createAzureClock>;
