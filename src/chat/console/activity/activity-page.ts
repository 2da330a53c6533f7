import { plainLine } from '../../../domain/text/plain-text';
import { counted, numberText, phrase, t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import {
  type ActivityCard,
  type ActivityPage,
  activityDays,
  readPerSearched,
  searchedCallers,
} from './activity';
import { dayBars } from './day-bars';
import { emptyCells, heatMap, usualText } from './heat-map';
import { hourText } from './hour-text';
import { alertsHref } from './links';
import { activityHref } from './query';

const tabNames = [
  ['caller', phrase('By caller')],
  ['machine', phrase('By machine')],
] as const;

/** When callers or machines were active: a heat map and daily counts for each. */
export const activityHtml = (activity: ActivityPage): Html =>
  html`<h2>${t`When commands run`}</h2><p class="muted">${t`Commands of the last ${activityDays} days, without denied attempts. All times are UTC.`}</p>
<nav class="views" aria-label="${t`Views`}">${tabNames.map(([by, name]) => html`<a href="${activityHref({ by, page: 1 })}"${by === activity.by && html` aria-current="page"`}>${translate(name)}</a>`)}</nav>
${activity.cards.length === 0 ? nothing(activity) : html`${emptyCells()}${legend(activity.by)}${limits(activity)}<div class="cards">${activity.cards.map((card, i) => cardHtml(card, i, activity))}</div>`}${paging(activity)}`;

const nothing = ({ page }: ActivityPage): Html =>
  page > 1
    ? html`<div class="blank"><p>${t`No more activity on this page.`}</p><p><a href="/console/activity">${t`First page`}</a></p></div>`
    : html`<div class="blank"><p><strong>${t`No commands run in the last ${activityDays} days`}</strong></p><p>${t`Older history is loaded in the background.`}</p></div>`;

const legend = (by: ActivityPage['by']): Html =>
  html`<p class="legend" aria-hidden="true"><span>${t`Fewer`}</span><svg viewBox="0 0 98 18" width="98" height="18">${[0, 1, 2, 3, 4].map((level) => html`<rect class="l${level}" x="${level * 20}" y="1" width="16" height="16" rx="2"/>`)}</svg><span>${by === 'caller' ? t`More, for this caller` : t`More, for this machine`}</span>${by === 'caller' && html`<svg viewBox="0 0 24 18" width="24" height="18"><rect class="usual" x="2" y="2" width="20" height="14" rx="3"/></svg><span>${t`Usual hours`}</span>`}</p>`;

const limits = ({ by, cards }: ActivityPage): Html | false =>
  by === 'machine' &&
  cards.some(({ isLimited }) => isLimited) &&
  html`<p class="muted">${t`Counted among the newest ${readPerSearched} commands of each of the ${searchedCallers} latest callers.`}</p>`;

const busiest = 12;

function cardHtml(card: ActivityCard, index: number, { by, today }: ActivityPage): Html {
  const { week, usual, total, place, isLimited } = card;
  const ranked = week
    .map((count, hour) => ({ count, hour }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.hour - b.hour);
  const [first] = ranked;
  const facts = [
    isLimited
      ? by === 'caller'
        ? t`newest ${total} commands`
        : t`at least ${total} commands`
      : counted(total, '# command', '# commands'),
    first && t`most on ${hourText(first.hour)} (${first.count})`,
    usual && t`usual hours ${usualText(usual)} UTC`,
  ];
  return html`<section class="panel act" aria-labelledby="card-${index}"><h3 id="card-${index}"><a href="${alertsHref(by, card.key)}">${plainLine(card.name, 80)}</a>${place && html` <span class="muted">${plainLine(place, 60)}</span>`}</h3>${
    total === 0
      ? html`<p class="muted">${t`Denied attempts only: no command ran.`}</p>`
      : html`<p class="muted num">${facts.filter(Boolean).join(' · ')}</p>
${heatMap(card, by)}${dayBars(card, by, today)}
<details><summary>${counted(Math.min(busiest, ranked.length), 'The busiest hour', 'The # busiest hours')}</summary><ol class="hours">${ranked.slice(0, busiest).map(({ count, hour }) => html`<li><a href="${alertsHref(by, card.key, { hour })}">${hourText(hour)}</a> <span class="num">${numberText(count)}</span></li>`)}</ol></details>`
  }</section>`;
}

function paging({ by, page, hasMore }: ActivityPage): Html | false {
  if (page === 1 && !hasMore) return false;
  const to = (next: number, rel: string, label: string) =>
    html`<a class="btn" rel="${rel}" href="${activityHref({ by, page: next })}">${label}</a>`;
  return html`<nav class="paging" aria-label="${t`Pages of the list`}">${page > 1 && to(page - 1, 'prev', t`Previous page`)}${hasMore && to(page + 1, 'next', t`Next page`)}</nav>`;
}
