/** The Date header has whole seconds, and answers take a while. */
const toleratedMs = 5000;
/** A host's clock that is further off is said to be, ms. */
export const clockToleratedMs = 60_000;

/** Azure's time by its answers' Date headers, for a host whose own clock is off. */
export function createAzureClock(now: () => number = Date.now) {
  let offsetMs = 0;
  return {
    /** Takes a Date header, ms since 1970. */
    see: (serverMs: number): void => {
      const offset = serverMs - now();
      offsetMs = Math.abs(offset) <= toleratedMs ? 0 : offset;
    },
    /** Azure's time, ms since 1970; our own before the first answer. */
    now: (): number => now() + offsetMs,
    /** How far Azure's clock is ahead of ours, ms; 0 within five seconds. */
    offsetMs: (): number => offsetMs,
  };
}
export type AzureClock = ReturnType<typeof createAzureClock>;
