import { counted, dayText, t } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import type { ActivityCard } from './activity';
import { mapWidth } from './heat-map';
import { alertsHref } from './links';

const dayMs = 86_400_000;
const height = 44;

/** Commands of each of the last 30 days, UTC. */
export function dayBars(card: ActivityCard, by: 'caller' | 'machine', today: number): Html {
  const { days } = card;
  const most = Math.max(...days, 1);
  const step = mapWidth / days.length;
  const dayAt = (index: number) => today - (days.length - 1 - index) * dayMs;
  const sum = days.reduce((total, count) => total + count, 0);
  const bars = days.map((count, index) => {
    if (count === 0) return false;
    const tall = Math.max(4, Math.round((count / most) * height));
    const iso = new Date(dayAt(index)).toISOString().slice(0, 10);
    const says = `${dayText(dayAt(index))}: ${counted(count, '# command', '# commands')}`;
    return html`<a href="${alertsHref(by, card.key, { day: iso })}"><title>${says}</title><rect class="hit" x="${(index * step).toFixed(1)}" y="0" width="${step.toFixed(1)}" height="${height}"/><rect class="bar" x="${(index * step + 1).toFixed(1)}" y="${height - tall}" width="${(step - 2).toFixed(1)}" height="${tall}"/></a>`;
  });
  const label = t`${counted(sum, '# command', '# commands')} in the last ${days.length} days, at most ${most} a day`;
  return html`<svg class="day-bars" role="group" data-roving viewBox="0 0 ${mapWidth} ${height + 20}" aria-label="${label}"><path class="base" aria-hidden="true" d="M0 ${height + 0.5}H${mapWidth}"/>${bars}<g aria-hidden="true"><text x="0" y="${height + 15}">${dayText(dayAt(0))}</text><text x="${mapWidth}" y="${height + 15}" text-anchor="end">${dayText(today)}</text></g></svg>`;
}
