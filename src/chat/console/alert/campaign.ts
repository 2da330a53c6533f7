import { type Alert, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import type { CampaignLink, CampaignStep } from '../../../domain/alerts/campaign';
import { durationWords } from '../../../domain/text/duration';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, t } from '../../../domain/text/translate';
import { outcomeOf, sentenceOf, severityName, whereOf } from '../../sentence';
import { type Html, html } from '../html';
import { timeHtml } from '../inline-html';

/** Later steps are on their own pages. */
export const maxSteps = 20;

/** Alerts that may belong together: a drawing, and the same as a list in order. */
export function campaignHtml(all: readonly CampaignStep[], alertId: string): Html | false {
  if (all.length === 0) return false;
  const steps = all.slice(0, maxSteps);
  const earlier = new Map(steps.map(({ alert }, index) => [alert.id, { alert, number: index + 1 }]));
  return html`<h2>${t`Possible campaign`}</h2><p class="muted">${summaryOf(all)}</p>${drawing(steps, alertId)}<ol class="campaign">${steps.map(
    ({ alert, link }) => {
      const sentence = sentenceOf(alert);
      const title =
        alert.id === alertId
          ? html`<strong aria-current="true">${sentence}</strong>`
          : html`<a href="/console/alerts/${alert.id}">${sentence}</a>`;
      const from = link && earlier.get(link.from);
      const how = link && from ? linkText(link, from, alert) : '';
      return html`<li>${title}<span class="sub">${timeHtml(summarize(alert).startedAt)} · ${severityName(alert)} ${alert.score} · ${outcomeOf(alert)}${alert.id === alertId && ` · ${t`this alert`}`}</span>${how && html`<span class="sub">${how}</span>`}</li>`;
    },
  )}</ol>${all.length > maxSteps && html`<p class="muted">${counted(all.length - maxSteps, '# later alert is not shown.', '# later alerts are not shown.')}</p>`}`;
}

/** "4 alerts by 2 callers on 3 machines within 45 min. They have something in common, which does not prove …" */
function summaryOf(steps: readonly CampaignStep[]): string {
  const alerts = steps.map(({ alert }) => alert);
  const starts = alerts.map((alert) => Date.parse(summarize(alert).startedAt));
  const callers = new Set(alerts.map((alert) => callerName(alert, 120)));
  const machines = new Set(alerts.flatMap((alert) => [...machinesOf(alert)]));
  return t`${counted(alerts.length, '# alert', '# alerts')} by ${counted(callers.size, '# caller', '# callers')} on ${counted(machines.size, '# machine', '# machines')} within ${durationWords(Math.max(...starts) - Math.min(...starts))}. What they have in common does not prove that one person did it.`;
}

/** "2 min later, same caller and machine as 1". */
function linkText(link: CampaignLink, from: { alert: Alert; number: number }, alert: Alert): string {
  const later = Date.parse(summarize(alert).startedAt) - Date.parse(summarize(from.alert).startedAt);
  const shared = shareMachine(from.alert, alert);
  return t`${durationWords(later)} later, ${sharedText(link, from.number, shared)}`;
}

const machinesOf = (alert: Alert) =>
  new Set(summarize(alert).executions.map(({ target }) => target.id.toLowerCase()));

const shareMachine = (one: Alert, other: Alert) =>
  [...machinesOf(one)].some((id) => machinesOf(other).has(id));

/** @param number of the earlier step */
function sharedText({ kind, by }: CampaignLink, number: number, isSameMachine: boolean): string {
  const name = plainLine(by, 80);
  switch (kind) {
    case 'identity':
      return t`with the identity of ${name}, where ${number} ran`;
    case 'correlation':
      return t`same operation as ${number}`;
    case 'script':
      return t`same script as ${number}`;
    case 'caller':
      return isSameMachine ? t`same caller and machine as ${number}` : t`same caller as ${number}`;
    case 'address':
      return t`from ${name}, as ${number}`;
    case 'machine':
      return t`on ${name}, as ${number}`;
  }
}

const place = { left: 168, lane: 52, radius: 13 };
/** Few steps are further apart, so that the names of their machines fit. */
const columns = { all: 560, least: 64, most: 150 };
/** Characters that surely fit before the first column. */
const laneName = 22;
/** Width of a character that is surely enough. */
const characterWidth = 6.4;

/** Numbered steps from left to right, one line for each caller, with an arrow for each link. */
function drawing(steps: readonly CampaignStep[], alertId: string): Html {
  const callers = [...new Set(steps.map(({ alert }) => callerName(alert, 120)))];
  const column = Math.max(columns.least, Math.min(columns.most, Math.floor(columns.all / steps.length)));
  const whereName = Math.floor(column / characterWidth);
  // The name below the first step begins after the names of the callers.
  const first = place.left + Math.max(0, (column - columns.least) / 2);
  const points = new Map(
    steps.map(({ alert }, index) => [
      alert.id,
      {
        x: first + index * column + place.radius + 2,
        y: callers.indexOf(callerName(alert, 120)) * place.lane + 20,
      },
    ]),
  );
  const width = place.left + steps.length * column;
  const height = callers.length * place.lane;
  return html`<div class="graph campaign-graph" aria-hidden="true"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${callers.map(
    (name, lane) =>
      html`<text class="name" x="0" y="${lane * place.lane + 24}">${plainLine(name, laneName)}</text><line class="lane" x1="${place.left}" x2="${width}" y1="${lane * place.lane + 20}" y2="${lane * place.lane + 20}"/>`,
  )}${steps.map(({ alert, link }) => arrow(points.get(link?.from ?? ''), points.get(alert.id), column))}${steps.map(
    ({ alert }, index) => {
      const { x, y } = points.get(alert.id) ?? { x: 0, y: 0 };
      return html`<g class="step ${alert.severity}${alert.id === alertId && ' own'}"><title>${sentenceOf(alert)}</title><circle cx="${x}" cy="${y}" r="${place.radius}"/><text x="${x}" y="${y + 4.5}" text-anchor="middle">${index + 1}</text><text class="more" x="${x}" y="${y + 27}" text-anchor="middle">${plainLine(whereOf(alert), whereName)}</text></g>`;
    },
  )}</svg></div>`;
}

interface Point {
  x: number;
  y: number;
}

/** An arc above the steps between, or a curve to another line. */
function arrow(from: Point | undefined, to: Point | undefined, column: number): Html | false {
  if (!from || !to) return false;
  const gap = place.radius + 3;
  const near = from.y === to.y && to.x - from.x <= column;
  const [startX, endX] = [from.x + gap, to.x - gap];
  const middle = (startX + endX) / 2;
  const rise = from.y === to.y && !near ? 18 : 0;
  const path = near
    ? `M${startX} ${from.y}H${endX}`
    : `M${startX} ${from.y}C${middle} ${from.y - rise} ${middle} ${to.y - rise} ${endX} ${to.y}`;
  return html`<path class="link" d="${path}"/><polyline class="link" points="${endX - 6},${to.y - 4} ${endX},${to.y} ${endX - 6},${to.y + 4}"/>`;
}
