import { plainLine } from '../text/plain-text';
import { type Exception, lastDay } from './exception';
import { matchWords } from './match-words';

const day = 86_400_000;

/** A week before its end its owner is asked; a review date of its own is kept too. */
export const endsSoon = (exception: Exception, now: number): boolean => {
  const left = Date.parse(exception.expires) - now;
  const review = exception.review ? Date.parse(exception.review) - now : Number.POSITIVE_INFINITY;
  return left > 0 && (left <= 7 * day || (review <= 0 && review > -day));
};

/** One review an end: whoever extends it is asked again before the new one. */
export const reviewNoticeId = (exception: Exception): string =>
  `notice-review-${exception.id}-${lastDay(exception.expires)}`;

/** What its owner is asked. */
export const reviewText = (exception: Exception, uses: number): string =>
  `Exception ${exception.id} of ${plainLine(exception.owner, 80)} ends on ${lastDay(exception.expires)}: ${matchWords(exception.match)}. ${usesText(uses)} Reason: ${plainLine(exception.reason, 200)}`;

const usesText = (uses: number) =>
  uses === 0 ? 'It was never used.' : `It suppressed ${uses} ${uses === 1 ? 'alert' : 'alerts'}.`;

/** All exceptions with their numbers, the unused and the earliest to end first. Null when there are none. */
export function reportText(
  rows: readonly { exception: Exception; uses: number }[],
  now: number,
): string | null {
  const live = rows.filter(({ exception }) => Date.parse(exception.expires) > now);
  if (live.length === 0) return null;
  const sorted = [...live].sort(
    (a, b) => Number(a.uses > 0) - Number(b.uses > 0) || (a.exception.expires < b.exception.expires ? -1 : 1),
  );
  const unused = live.filter(({ uses }) => uses === 0).length;
  const shown = sorted.slice(0, 40);
  return [
    `Exceptions in force: ${live.length}, ${unused} of them never used.`,
    ...shown.map(({ exception, uses }) => `• ${reviewText(exception, uses)}`),
    ...(sorted.length > shown.length ? [`… and ${sorted.length - shown.length} more`] : []),
  ].join('\n');
}
