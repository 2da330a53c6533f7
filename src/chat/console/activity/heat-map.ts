import { counted, t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import type { ActivityCard } from './activity';
import { hourText, twoDigits, weekdays } from './hour-text';
import { alertsHref } from './links';

const hours = Array.from({ length: 24 }, (_, hour) => hour);
const shades = 4;
const left = 48;
const top = 24;
const step = { x: 22, y: 22 };
const cell = { width: 20, height: 20 };
export const mapWidth = left + 24 * step.x;
const mapHeight = top + 7 * step.y + 2;

/** All cells as one path, drawn once and used by every map. */
export const emptyCells = (): Html =>
  html`<svg class="unseen" aria-hidden="true" width="0" height="0"><defs><path id="cells" d="${hours
    .flatMap((hour) =>
      weekdays.map(
        (_, day) =>
          `M${left + hour * step.x} ${top + day * step.y}h${cell.width}v${cell.height}h-${cell.width}z`,
      ),
    )
    .join('')}"/></defs></svg>`;

/** Hours of the day by days of the week. The darkest cell has the most commands of this card. */
export function heatMap(card: ActivityCard, by: 'caller' | 'machine'): Html {
  const most = Math.max(...card.week, 1);
  const cells = card.week.map((count, index) => {
    if (count === 0) return false;
    const x = left + (index % 24) * step.x;
    const y = top + Math.floor(index / 24) * step.y;
    const says = `${hourText(index)}: ${counted(count, '# command', '# commands')}`;
    return html`<a href="${alertsHref(by, card.key, { hour: index })}"><title>${says}</title><rect class="l${Math.ceil((count / most) * shades)}" x="${x}" y="${y}" width="${cell.width}" height="${cell.height}" rx="2"/></a>`;
  });
  return html`<svg class="heat" role="group" data-roving viewBox="0 0 ${mapWidth} ${mapHeight}" aria-label="${t`Commands by hour and day of the week, UTC. Most: ${most} in an hour of the week.`}"><g aria-hidden="true">${[0, 6, 12, 18].map((hour) => html`<text x="${left + hour * step.x}" y="16">${twoDigits(hour)}</text>`)}${weekdays.map((name, day) => html`<text x="0" y="${top + day * step.y + 16}">${translate(name)}</text>`)}<use href="#cells" class="l0"/></g>${cells}${outlines(card.usual)}</svg>`;
}

/** Around the usual hours of the day. Hours around midnight have two outlines. */
const outlines = (usual: readonly number[] | null): Html[] =>
  rangesOf(usual ?? []).map(
    ([from, to]) =>
      html`<rect class="usual" x="${left + from * step.x - 2}" y="${top - 2}" width="${(to - from) * step.x + 2}" height="${7 * step.y + 2}" rx="3"/>`,
  );

/** Sorted hours as ranges; the end is not part of a range. */
export function rangesOf(sorted: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const hour of sorted) {
    const last = ranges.at(-1);
    if (last && last[1] === hour) last[1] = hour + 1;
    else ranges.push([hour, hour + 1]);
  }
  return ranges;
}

/** "08:00–11:00, 22:00–24:00". */
export const usualText = (usual: readonly number[]): string =>
  rangesOf(usual)
    .map(([from, to]) => `${twoDigits(from)}:00–${twoDigits(to)}:00`)
    .join(', ');
