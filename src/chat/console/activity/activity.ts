import { usualHours } from '../../../domain/alerts/usual-hours';
import { dayStart, hourOfWeek } from '../../../domain/text/weeks';

const day = 86_400_000;
/** Days that the history covers. */
export const activityDays = 90;
/** Days that the bars show. */
export const barDays = 30;

/** Machines are found among the newest executions of the latest callers: about 30 ms. */
export const searchedCallers = 30;
export const readPerSearched = 300;

/** When a caller or a machine was active. All times are UTC. */
export interface ActivityCard {
  /** The caller's key, or the machine's resource id. */
  key: string;
  name: string;
  /** The machine's resource group, or nothing. */
  place: string;
  /** 168 counts: the hours of Monday first. */
  week: number[];
  /** Counts of the last 30 days, oldest first. The last one is today. */
  days: number[];
  /** Usual hours of the day; null if unknown. */
  usual: number[] | null;
  total: number;
  /** Older executions were not read. */
  isLimited: boolean;
}

export interface ActivityPage {
  by: 'caller' | 'machine';
  cards: ActivityCard[];
  /** Counted from 1. */
  page: number;
  hasMore: boolean;
  /** When today began, ms. */
  today: number;
}

/**
 * What a card shows of executions.
 * @param times when they started, ms
 */
export function activityOf(
  times: readonly number[],
  now: number,
): Pick<ActivityCard, 'week' | 'days' | 'usual' | 'total'> {
  const week = new Array<number>(168).fill(0);
  const days = new Array<number>(barDays).fill(0);
  const first = dayStart(now) - (barDays - 1) * day;
  for (const at of times) {
    const index = hourOfWeek(at);
    week[index] = (week[index] ?? 0) + 1;
    const ago = Math.floor((at - first) / day);
    if (ago >= 0 && ago < barDays) days[ago] = (days[ago] ?? 0) + 1;
  }
  const usual = usualHours(times.map((at) => hourOfWeek(at) % 24));
  return { week, days, usual: usual && [...usual].sort((a, b) => a - b), total: times.length };
}
