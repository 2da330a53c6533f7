import { phrase, t, translate } from '../../../domain/text/translate';

export const weekdays = [
  phrase('Mon'),
  phrase('Tue'),
  phrase('Wed'),
  phrase('Thu'),
  phrase('Fri'),
  phrase('Sat'),
  phrase('Sun'),
];

export const twoDigits = (hour: number): string => String(hour).padStart(2, '0');

/** An hour of the week: "Mon 09:00–10:00 UTC". */
export const hourText = (index: number): string =>
  t`${translate(weekdays[Math.floor(index / 24)] ?? '')} ${twoDigits(index % 24)}:00–${twoDigits((index % 24) + 1)}:00 UTC`;
