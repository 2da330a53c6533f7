import { plainLine } from '../text/plain-text';
import { counted, dayText, t } from '../text/translate';
import { type Exception, lastDay } from './exception';
import { originText } from './exception-origin';
import { matchWords } from './match-words';

const day = 86_400_000;

/** Whether the owner should review it now: in its last week, or on its review date. */
export const needsReview = (exception: Exception, now: number): boolean => {
  const left = Date.parse(exception.expires) - now;
  const review = exception.review ? Date.parse(exception.review) - now : Number.POSITIVE_INFINITY;
  return left > 0 && (left <= 7 * day || (review <= 0 && review > -day));
};

/** One notice per expiry date, so an extended exception gets another review. */
export const reviewNoticeId = (exception: Exception): string =>
  `notice-review-${exception.id}-${lastDay(exception.expires)}`;

/** Buttons for the owner or a responder. */
export const reviewActions = ({ id }: Exception): { id: string; label: string; value: string }[] => [
  { id: 'extend_exception', label: t`Extend 30 days`, value: id },
  { id: 'keep_exception', label: t`Let it expire`, value: id },
  { id: 'remove_exception', label: t`Remove`, value: id },
];

/** The review question for the owner. */
export const reviewText = (exception: Exception, uses: number): string =>
  t`Exception ${exception.id} of ${plainLine(exception.owner, 80)} expires on ${dayText(lastDay(exception.expires))}: ${matchWords(exception.match)}. ${usesText(uses)} Reason: ${plainLine(exception.reason, 200)}${exception.from ? t` Added from ${originText(exception.from)}` : ''}`;

const usesText = (uses: number) =>
  uses === 0 ? t`It was never used.` : counted(uses, 'It suppressed # alert.', 'It suppressed # alerts.');

/**
 * All active exceptions with their use counts. Unused ones come first, then by expiry date. Null if there
 * are none.
 */
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
    t`Exceptions in force: ${live.length}, ${unused} of them never used.`,
    ...shown.map(({ exception, uses }) => `• ${reviewText(exception, uses)}`),
    ...(sorted.length > shown.length ? [t`… and ${sorted.length - shown.length} more`] : []),
  ].join('\n');
}
