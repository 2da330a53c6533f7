/** Minimum number of executions needed to tell a caller's usual hours. */
const enoughForHours = 10;

/**
 * The hours of the day within one hour of a caller's executions; null if there are too few executions to tell.
 * @param hours the hour of each execution, 0 to 23
 */
export function usualHours(hours: readonly number[]): ReadonlySet<number> | null {
  if (hours.length < enoughForHours) return null;
  return new Set([...new Set(hours)].flatMap((hour) => [(hour + 23) % 24, hour, (hour + 1) % 24]));
}
