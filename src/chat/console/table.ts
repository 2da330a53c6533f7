import { type Html, html } from './html';

/** A table that scrolls horizontally on narrow pages, also with the keyboard. */
export const table = (
  label: string,
  columns: readonly (string | number)[],
  rows: readonly Html[],
  name = '',
): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="${name}"><thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
