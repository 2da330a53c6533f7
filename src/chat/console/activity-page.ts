import { plainLine } from '../../domain/text/plain-text';
import { type Html, html } from './html';
import { table } from './table';

/** A caller's executions of 90 days, by the hour of the day. */
export interface ActivityRow {
  name: string;
  /** 24 counts, from midnight. */
  hours: number[];
}

const hours = Array.from({ length: 24 }, (_, hour) => hour);
const shades = 5;

/** Who runs commands at which hours: darker is more, and the number says how many. */
export function activityPage(rows: readonly ActivityRow[], zone: string): Html {
  if (rows.length === 0)
    return html`<p class="empty">Nobody is known to have run commands in 90 days. History is filled in the background.</p>`;
  const most = Math.max(...rows.flatMap((row) => row.hours), 1);
  const shade = (count: number) => (count === 0 ? 0 : Math.max(1, Math.ceil((count / most) * shades)));
  return html`<p>Run commands of the last 90 days by hour (${zone}) and caller, the latest caller first.</p>
${table(
  'Executions by hour and caller',
  ['Caller', ...hours.map((hour) => String(hour).padStart(2, '0')), 'All'],
  rows.map(
    (row) =>
      html`<tr><th scope="row">${plainLine(row.name, 60)}</th>${row.hours.map((count) => html`<td class="heat${shade(count)}">${count || ''}</td>`)}<td>${row.hours.reduce((sum, count) => sum + count, 0)}</td></tr>`,
  ),
  'heat',
)}`;
}
