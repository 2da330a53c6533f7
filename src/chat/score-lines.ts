import type { Alert } from '../domain/alerts/alert';
import { changesSeverity } from '../domain/alerts/later-changes';
import type { ReasonChange, ScoreChange } from '../domain/alerts/severity';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import type { Inline } from './inline';

/** Where the score starts, what was added and when, and where the sum was capped. */
export function scoreLine(alert: Alert): Inline[] {
  const [base, ...added] = alert.reasons;
  const sum = alert.reasons.reduce((total, { points }) => total + points, 0);
  const parts: Inline[][] = [
    ...(base ? [[t`starts at ${base.points} for ${plainLine(base.text, 100)}`]] : []),
    ...added.map(({ points, text, addedAt }): Inline[] => [
      `${points > 0 ? '+' : ''}${points} ${plainLine(text, 100)}`,
      ...(addedAt ? [t` (since `, { time: addedAt }, ')'] : []),
    ]),
    ...(sum === alert.score
      ? []
      : [[t`${sum} points, ${sum > alert.score ? t`capped at` : t`raised to`} ${alert.score}`]]),
  ];
  return parts.flatMap((part, index) => (index > 0 ? [' · ', ...part] : part));
}

const shownChanges = 10;
const shownReasons = 5;

/** How the score and its reasons changed since the alert was shown, one line per change, the latest last. */
export const scoreChangeLines = ({ scoreChanges }: Pick<Alert, 'scoreChanges'>): Inline[][] =>
  scoreChanges.slice(-shownChanges).map((change) => {
    const rest = change.reasons.length - shownReasons;
    const parts = [
      numbersOf(change),
      ...change.reasons.slice(0, shownReasons).map(reasonText),
      ...(rest > 0 ? [counted(rest, '# more reason', '# more reasons')] : []),
    ];
    return [{ time: change.at }, ` · ${parts.join(' · ')}`];
  });

/** "62 → 92, medium → critical", "still 100". */
function numbersOf(change: ScoreChange): string {
  const { from, to } = change;
  const severity = changesSeverity(change) ? `${translate(from.severity)} → ${translate(to.severity)}` : '';
  if (from.score === null || to.score === null) return severity;
  const score = from.score === to.score ? t`still ${to.score}` : `${from.score} → ${to.score}`;
  return [score, severity].filter(Boolean).join(', ');
}

/** "added: new IP address (+8)", "was 12 machines in 3 minutes, now 30 machines in 5 minutes". */
function reasonText({ kind, text, was, points = 0 }: ReasonChange): string {
  const signed = points === 0 ? '' : ` (${points > 0 ? '+' : ''}${points})`;
  const now = plainLine(text, 100);
  return kind === 'changed'
    ? t`was ${plainLine(was, 100)}, now ${now}${signed}`
    : `${kind === 'added' ? t`added` : t`removed`}: ${now}${signed}`;
}
