import { numberText } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { type AlertQuery, hrefOf, type View, views } from './query';

export const viewNames: Record<View, string> = {
  open: 'Open',
  mine: 'Mine',
  unassigned: 'Unassigned',
  contained: 'Contained',
  suppressed: 'Suppressed',
  closed: 'Closed',
};

/** The saved filters, each with how many alerts it has. The other filters are kept. */
export const tabs = (query: AlertQuery, counts: Readonly<Record<View, number>>): Html =>
  html`<nav class="views" aria-label="Views">${views.map(
    (view) =>
      html`<a href="${hrefOf(query, { view, state: '' })}"${view === query.view && html` aria-current="page"`}>${viewNames[view]} <span class="num">${numberText(counts[view])}</span></a>`,
  )}</nav>`;
