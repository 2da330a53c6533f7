import { phrase, t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { countText } from './count-text';
import { type AlertQuery, hrefOf, type View, views } from './query';
import type { Count } from './read-alerts';

export const viewNames: Record<View, string> = {
  open: phrase('Open'),
  mine: phrase('Mine'),
  unassigned: phrase('Unassigned'),
  contained: phrase('Contained'),
  suppressed: phrase('Suppressed'),
  closed: phrase('Closed'),
  all: phrase('All'),
};

/** The saved filters, each with how many alerts it has. The other filters are kept. */
export const tabs = (query: AlertQuery, counts: Readonly<Record<View, Count>>): Html =>
  html`<nav class="views" aria-label="${t`Views`}">${views.map(
    (view) =>
      html`<a href="${hrefOf(query, { view, state: '' })}"${view === query.view && html` aria-current="page"`}>${translate(viewNames[view])} <span class="num">${countText(counts[view])}</span></a>`,
  )}</nav>`;
