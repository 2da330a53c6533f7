import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import { type Html, html } from './html';
import { table } from './table';

/** A caller's executions in the last 90 days, by hour of the day. */
export interface ActivityRow {
  name: string;
  /** 24 counts, from midnight. */
  hours: number[];
}

const hours = Array.from({ length: 24 }, (_, hour) => hour);
const shades = 5;

/** Table of executions by caller and hour. Darker cells have higher counts. */
export function activityPage(rows: readonly ActivityRow[], zone: string): Html {
  if (rows.length === 0)
    return html`<p class="empty">${t`No commands run in the last 90 days. Older history is loaded in the background.`}</p>`;
  const most = Math.max(...rows.flatMap((row) => row.hours), 1);
  const shade = (count: number) => (count === 0 ? 0 : Math.max(1, Math.ceil((count / most) * shades)));
  return html`<p>${t`Commands run in the last 90 days by hour (${zone}) and caller, most recent caller first.`}</p>
${table(
  t`Executions by hour and caller`,
  [t`Caller`, ...hours.map((hour) => String(hour).padStart(2, '0')), t`Total`],
  rows.map(
    (row) =>
      html`<tr><th scope="row">${plainLine(row.name, 60)}</th>${row.hours.map((count) => html`<td class="heat${shade(count)}">${count || ''}</td>`)}<td>${row.hours.reduce((sum, count) => sum + count, 0)}</td></tr>`,
  ),
  'heat',
)}`;
}
