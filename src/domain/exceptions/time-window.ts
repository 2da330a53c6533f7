import { DateTime } from 'luxon';
import { t } from '../text/translate';

/**
 * Days and hours in a time zone, e.g. mon-fri 01:00–03:00 Europe/Berlin. If `from` is after `to`, it spans
 * midnight.
 */
export interface TimeWindow {
  days?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  zone?: string | undefined;
}

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** Day numbers (0 is Sunday) of "mon-fri", "sat,sun" or "fri-mon"; null if invalid. */
export function parseDays(days: string): Set<number> | null {
  const out = new Set<number>();
  for (const part of days.toLowerCase().split(',')) {
    const [from, to = from] = part
      .trim()
      .split('-')
      .map((name) => dayNames.indexOf(name.trim().slice(0, 3) as 'sun'));
    if (from === undefined || to === undefined || from < 0 || to < 0) return null;
    for (let day = from; ; day = (day + 1) % 7) {
      out.add(day);
      if (day === to) break;
    }
  }
  return out;
}

/** Weekday (0 is Sunday) and minutes after midnight at an instant, in a time zone. */
export function localTime(at: Date, zone = 'UTC'): { day: number; minutes: number } {
  const local = DateTime.fromJSDate(at, { zone });
  return { day: local.weekday % 7, minutes: local.hour * 60 + local.minute };
}

const toMinutes = (clock: string) => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};

/** Whether the instant is in the window. A window over midnight belongs to the day it starts on. */
export function inWindow(window: TimeWindow, at: Date): boolean {
  const { day, minutes } = localTime(at, window.zone);
  const days = window.days ? parseDays(window.days) : null;
  const from = window.from ? toMinutes(window.from) : 0;
  const to = window.to ? toMinutes(window.to) : 24 * 60;
  if (from <= to) return (!days || days.has(day)) && minutes >= from && minutes < to;
  if (minutes >= from) return !days || days.has(day);
  return minutes < to && (!days || days.has((day + 6) % 7));
}

/** A window as text: "mon-fri 01:00 to 03:00 UTC". */
export const windowWords = ({ days, from, to, zone = 'UTC' }: TimeWindow): string =>
  [days, from || to ? t`${from ?? '00:00'} to ${to ?? '24:00'}` : '', zone].filter(Boolean).join(' ');

/** An instant as a window sees it: "fri 22:14 UTC". */
export function localWords(at: Date, zone = 'UTC'): string {
  const { day } = localTime(at, zone);
  return `${dayNames[day]} ${DateTime.fromJSDate(at, { zone }).toFormat('HH:mm')} ${zone}`;
}
