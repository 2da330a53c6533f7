const hour = 3_600_000;
const day = 24 * hour;
const weekMs = 7 * day;
/** 1970 began on a Thursday, so its first week began three days before. */
const beforeEpoch = 3 * day;

/** Number of the week of a time in ms. Weeks begin on Monday, UTC. */
export const weekOf = (at: number): number => Math.floor((at + beforeEpoch) / weekMs);

/** When a week begins, ms. */
export const weekStart = (week: number): number => week * weekMs - beforeEpoch;

/** The last `count` weeks, oldest first. The last one is the current week. */
export const lastWeeks = (now: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => weekOf(now) - count + 1 + i);

/** When the UTC day of a time begins, ms. */
export const dayStart = (at: number): number => Math.floor(at / day) * day;

/** The hour of the week in UTC, 0 for the first hour of Monday. */
export const hourOfWeek = (at: number): number => Math.floor((at + beforeEpoch) / hour) % 168;
