import { numberText, t } from '../../../domain/text/translate';
import { type Html, html } from '../html';

const step = 8;
const height = 24;

/** Alerts that an exception suppressed in each week, drawn and as text. The last bar is the current week. */
export function weekBars({ total, weeks }: { total: number; weeks: readonly number[] }): Html {
  const recent = weeks.reduce((sum, count) => sum + count, 0);
  if (total === 0) return html`<span class="pill none">${t`Never used`}</span>`;
  const top = Math.max(...weeks, 1);
  const bars = weeks.map((count, i) => {
    const tall = count === 0 ? 1 : Math.max(3, Math.round((count / top) * height));
    return html`<rect x="${i * step}" y="${height - tall}" width="6" height="${tall}"${count === 0 && html` class="zero"`}/>`;
  });
  const width = weeks.length * step;
  const label = t`Matches per week in the last ${weeks.length} weeks, oldest first: ${weeks.map(numberText).join(', ')}`;
  return html`<svg class="weeks" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-label="${label}">${bars}</svg><span class="sub">${t`${recent} in ${weeks.length} weeks`}<br>${t`${total} in total`}</span>`;
}
