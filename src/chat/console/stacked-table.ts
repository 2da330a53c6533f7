import { type Html, html } from './html';

const dash = '—';

/** A table whose rows become blocks on a phone, where each cell names its column and dashes are left out. */
export const stackedTable = (label: string, columns: readonly string[], rows: readonly Html[][]): Html =>
  html`<table class="stacked" aria-label="${label}"><thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>${rows.map((cells) => html`<tr>${cells.map((cell, index) => html`<td data-label="${columns[index]}"${cell.text === dash && html` class="none"`}><div>${cell}</div></td>`)}</tr>`)}</tbody></table>`;
