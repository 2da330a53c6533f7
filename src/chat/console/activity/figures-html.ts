import { mostUrgentFirst, type Severity } from '../../../domain/alerts/severity';
import { durationWords } from '../../../domain/text/duration';
import { counted, dayText, numberText, t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { table } from '../table';
import { type AlertFigures, figureWeeks, timedAlerts } from './figures';

const height = 120;
const step = 44;
const bar = 30;
const left = 8;
const width = left + figureWeeks * step + 16;

/** How many alerts there were each week, and how fast they were acknowledged. */
export const figuresHtml = (figures: AlertFigures): Html =>
  html`<div class="cards figures"><section class="panel act" aria-labelledby="volumes"><h2 id="volumes">${t`Alerts per week`}</h2>${volumes(figures)}</section><section class="panel act" aria-labelledby="times"><h2 id="times">${t`Median time to acknowledge`}</h2>${times(figures)}</section></div>`;

const totalOf = (counts: Readonly<Record<Severity, number>>) =>
  mostUrgentFirst.reduce((sum, severity) => sum + counts[severity], 0);
const capitalized = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
const nameOf = (severity: Severity) => capitalized(translate(severity));
const shortDay = (at: number) => dayText(at).replace(/,? *\d{4}$/, '');

function volumes({ weeks }: AlertFigures): Html {
  const most = Math.max(...weeks.map(({ counts }) => totalOf(counts)), 1);
  const sums = Object.fromEntries(
    mostUrgentFirst.map((one) => [one, weeks.reduce((sum, { counts }) => sum + counts[one], 0)]),
  ) as Record<Severity, number>;
  const all = totalOf(sums);
  if (all === 0) return html`<p class="muted">${t`No alerts in the last ${figureWeeks} weeks.`}</p>`;
  const suppressed = weeks.reduce((sum, week) => sum + week.suppressed, 0);
  const label = t`${all} alerts in ${figureWeeks} weeks, at most ${most} a week`;
  return html`<p class="muted num">${label}${suppressed > 0 && t`; ${suppressed} of them suppressed`}</p>
<svg class="volumes" role="img" viewBox="0 0 ${width} ${height + 24}" aria-label="${label}"><path class="base" d="M0 ${height + 0.5}H${width}"/>${weeks.map((week, i) => weekBar(week, i, most))}</svg>
<ul class="keys-of" aria-label="${t`Alerts by severity`}">${mostUrgentFirst.map((one) => html`<li><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><rect class="s-${one}" width="12" height="12" rx="2"/></svg> ${nameOf(one)} <strong class="num">${numberText(sums[one])}</strong></li>`)}</ul>
<details><summary>${t`Numbers of each week`}</summary>${table(
    t`Numbers of each week`,
    [t`Week of`, ...mostUrgentFirst.map(nameOf), t`Suppressed`],
    weeks.map(
      ({ start, counts, suppressed: own }) =>
        html`<tr><th scope="row">${dayText(start)}</th>${mostUrgentFirst.map((one) => html`<td class="num">${numberText(counts[one])}</td>`)}<td class="num">${numberText(own)}</td></tr>`,
    ),
  )}</details>`;
}

/** The most severe alerts are at the bottom, so that their numbers can be compared. */
function weekBar(
  { start, counts, suppressed }: AlertFigures['weeks'][number],
  index: number,
  most: number,
): Html {
  const x = left + index * step;
  let y = height;
  const parts = mostUrgentFirst.map((severity) => {
    const count = counts[severity];
    if (count === 0) return false;
    const tall = Math.max(2, (count / most) * (height - 8));
    y -= tall;
    return html`<rect class="s-${severity}" x="${x}" y="${y.toFixed(1)}" width="${bar}" height="${(tall - 1).toFixed(1)}"/>`;
  });
  const named = mostUrgentFirst
    .filter((one) => counts[one] > 0)
    .map((one) => `${counts[one]} ${translate(one)}`);
  const says = t`Week of ${dayText(start)}: ${named.join(', ') || t`no alerts`}; ${suppressed} suppressed`;
  return html`<g><title>${says}</title>${parts}${index % 3 === 2 && html`<text x="${x + bar / 2}" y="${height + 18}" text-anchor="middle">${shortDay(start)}</text>`}</g>`;
}

function times({ acknowledge }: AlertFigures): Html {
  const longest = Math.max(
    ...mostUrgentFirst.flatMap((one) => [acknowledge[one].median ?? 0, acknowledge[one].target ?? 0]),
    1,
  );
  const note = t`Of the newest ${timedAlerts} alerts of each severity, in the last ${figureWeeks} weeks.`;
  return html`<p class="muted">${note}</p><dl class="medians">${mostUrgentFirst.map((severity) => {
    const { median, of, target } = acknowledge[severity];
    const late = median !== null && target !== null && median > target;
    const at = (ms: number) => ((ms / longest) * 200).toFixed(1);
    return html`<dt><span class="pill ${severity}">${nameOf(severity)}</span></dt><dd><svg viewBox="0 0 204 16" preserveAspectRatio="none" aria-hidden="true"><rect class="l0" width="204" height="16" rx="2"/>${median !== null && html`<rect class="s-${severity}" width="${at(Math.max(median, longest / 100))}" height="16" rx="2"/>`}${target !== null && html`<rect class="target" x="${at(target)}" width="2" height="16"/>`}</svg><span class="num"><strong>${median === null ? '—' : durationWords(median)}</strong> <span class="muted">${of === 0 ? t`none acknowledged` : counted(of, 'of # alert', 'of # alerts')}${target !== null && html` · ${late ? html`<strong class="alarm">${t`target ${durationWords(target)}`}</strong>` : t`target ${durationWords(target)}`}`}</span></span></dd>`;
  })}</dl>`;
}
