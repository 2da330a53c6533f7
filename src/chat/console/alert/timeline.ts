import type { AlertView } from '../../../domain/measures/alert-view';
import { translate } from '../../../domain/text/translate';
import { type Source, timelineOf } from '../../timeline';
import { type Html, html } from '../html';
import { clockHtml, lineHtml } from '../inline-html';

const styles: Record<Source, string> = {
  Azure: 'low',
  'This alert': 'critical',
  'Machine log': 'high',
  Runwatch: 'ok',
  People: 'accent',
  Note: 'medium',
};

/** One list with a heading for each day, so that a time needs no date. */
export function timelineHtml(view: AlertView): Html {
  const events = timelineOf(view);
  return html`<ol class="tl">${events.map(({ at, source, line }, i) => {
    const day = at.slice(0, 10);
    const isNewDay = i > 0 && events[i - 1]?.at.slice(0, 10) !== day;
    return html`<li${(isNewDay || i === 0) && html` class="day" data-day="${day}"`}><span class="num muted">${clockHtml(at)}</span><span><span class="pill ${styles[source]}">${translate(source)}</span> ${lineHtml(line)}</span></li>`;
  })}</ol>`;
}
