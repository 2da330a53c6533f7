import { t } from './translate';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A duration in the largest unit that shows at least two: 90 s, 5 min, 26 h, 3 d. */
export const durationWords = (ms: number): string => {
  if (ms < 2 * minute) return t`${Math.round(ms / second)} s`;
  if (ms < 2 * hour) return t`${Math.round(ms / minute)} min`;
  return ms < 2 * day ? t`${Math.round(ms / hour)} h` : t`${Math.round(ms / day)} d`;
};

const units = { s: second, m: minute, h: hour, d: day };
export const durationPattern = /^(\d{1,6})([smhd])$/;

/** The minutes of a duration such as 90s, 5m, 2h or 1d; null if it is none. */
export function minutesOf(text: string): number | null {
  const [, count, unit] = durationPattern.exec(text) ?? [];
  return count && unit ? (Number(count) * units[unit as keyof typeof units]) / minute : null;
}
