import type { Alert } from '../../../domain/alerts/alert';
import { plainLine } from '../../../domain/text/plain-text';
import { t } from '../../../domain/text/translate';
import { type Html, html, tHtml } from '../html';
import { timeHtml } from '../inline-html';

const width = 120;

/** Where the score starts and what each reason adds, drawn as steps from left to right. */
export function scoreBreakdown({ reasons, score }: Pick<Alert, 'reasons' | 'score'>): Html {
  const sum = reasons.reduce((total, { points }) => total + points, 0);
  const capped =
    sum === score ? '' : t` (${sum} points, ${sum > score ? t`capped at` : t`raised to`} ${score})`;
  const ends = reasons.map((_, i) =>
    reasons.slice(0, i + 1).reduce((total, { points }) => total + points, 0),
  );
  const most = Math.max(100, ...ends);
  const at = (points: number) => Math.round((Math.max(0, points) / most) * width);
  const rows = reasons.map(({ points, text, addedAt }, i) => {
    const [before, after] = [at(ends[i - 1] ?? 0), at(ends[i] ?? 0)];
    const kind = i === 0 ? 'base' : points < 0 ? 'less' : 'more';
    return html`<tr><td class="points num">${i > 0 && points > 0 ? '+' : ''}${points}</td><td class="steps" aria-hidden="true"><svg viewBox="0 0 ${width} 12" width="${width}" height="12"><rect class="${kind}" x="${Math.min(before, after)}" y="1" width="${Math.max(2, Math.abs(after - before))}" height="10" rx="1"/></svg></td><td>${i === 0 && t`Starts at: `}${capitalized(plainLine(text, 200), i > 0)}${addedAt && html` <span class="muted">${tHtml`since ${timeHtml(addedAt)}`}</span>`}</td></tr>`;
  });
  return html`<h3>${t`Score breakdown: ${score}${capped}`}</h3><table class="score"><thead class="unseen"><tr><th scope="col">${t`Points`}</th><th aria-hidden="true"></th><th scope="col">${t`Reason`}</th></tr></thead><tbody>${rows}</tbody></table>`;
}

const capitalized = (text: string, really: boolean) =>
  really ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text;
