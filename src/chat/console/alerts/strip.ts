import { mostUrgentFirst } from '../../../domain/alerts/severity';
import { durationWords } from '../../../domain/text/duration';
import { t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { type Strip, timedDays } from './read-alerts';

/** Open alerts by severity, and how fast alerts are acknowledged and closed. */
export const stripHtml = ({ open, acknowledge, close, newest }: Strip): Html =>
  html`<div class="strip"><ul aria-label="${t`Open alerts by severity`}">${mostUrgentFirst.map(
    (severity) =>
      html`<li><a class="pill ${open[severity] > 0 ? severity : 'none'}" href="/console?severity=${severity}">${t`${open[severity]} ${translate(severity)}`}</a></li>`,
  )}</ul><div class="times-taken"><dl>${median(t`Median to acknowledge`, acknowledge)}${median(t`Median to close`, close)}</dl><p class="muted">${newest === null ? t`last ${timedDays} days` : t`newest ${newest} alerts of the last ${timedDays} days`}</p></div></div>`;

const median = (words: string, ms: number | null): Html =>
  html`<div><dt>${words}</dt><dd class="num">${ms === null ? '—' : durationWords(ms)}</dd></div>`;
