import type { ChainState } from '../../../domain/audit/chain-check';
import type { FoundEntries } from '../../../domain/audit/search-entries';
import { t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { actionChoices, actionName } from './action-names';
import { auditTable, resultNames, timeOf } from './audit-table';
import { chainHtml } from './chain-html';
import { type AuditQuery, auditHrefOf, isFiltering, results } from './query';

export interface AuditPageModel {
  query: AuditQuery;
  found: FoundEntries;
  names: ReadonlyMap<string, string>;
  chain: ChainState;
  csrf: string;
}

export const auditPage = ({ query, found, names, chain, csrf }: AuditPageModel): Html =>
  html`<h1>${t`Audit log`}</h1>
${chainHtml(chain, query, csrf)}
${filters(query)}
${found.rows.length > 0 ? auditTable(found.rows, names) : found.searchedTo === null && empty(query)}
${searched(query, found)}${paging(query, found)}`;

const noFilters = { person: '', action: '', result: '', alert: '', from: '', to: '' } as const;

function filters(query: AuditQuery): Html {
  const chosen = query.action && actionName(query.action);
  const choices = actionChoices();
  const isKnown = !chosen || choices.some(({ name }) => name === chosen);
  const time = (name: 'from' | 'to', label: string) =>
    html`<label class="when"><span>${label}</span><input type="datetime-local" name="${name}" value="${query[name]}"></label>`;
  return html`<form method="get" action="/console/audit" class="bar audit-bar" role="search" aria-label="${t`Filter the audit log`}">
<input type="search" name="person" value="${query.person}" aria-label="${t`Person`}" placeholder="${t`Person: name, email address or ID`}" maxlength="200">
<select name="action" aria-label="${t`Action`}"><option value="">${t`All actions`}</option>${!isKnown && html`<option value="${query.action}" selected>${chosen}</option>`}${choices.map(({ id, name }) => html`<option value="${id}"${name === chosen && html` selected`}>${name}</option>`)}</select>
<select name="result" aria-label="${t`Result`}"><option value="">${t`All results`}</option>${results.map((one) => html`<option value="${one}"${one === query.result && html` selected`}>${translate(resultNames[one])}</option>`)}</select>
<input type="search" name="alert" value="${query.alert}" aria-label="${t`Alert`}" placeholder="${t`Alert ID`}" maxlength="100" class="short">
<div class="range">${time('from', t`From (UTC)`)}${time('to', t`To (UTC)`)}</div>
<button class="btn">${t`Apply`}</button>${isFiltering(query) && html` <a class="btn quiet" href="/console/audit">${t`Clear`}</a>`}
<a class="btn csv" href="${auditHrefOf(query, {}, '.csv')}" download>${t`Download CSV`}</a></form>`;
}

const empty = (query: AuditQuery): Html =>
  query.cursor !== ''
    ? html`<p class="empty">${t`No older entries.`}</p>`
    : isFiltering(query)
      ? html`<p class="empty">${t`No entries match.`} <a href="${auditHrefOf(query, noFilters)}">${t`Clear filters`}</a></p>`
      : html`<p class="empty">${t`No entries yet. What people and Runwatch do appears here.`}</p>`;

/** How far the search got, because a page never reads the whole log. */
const searched = (query: AuditQuery, { rows, searchedTo, next }: FoundEntries): Html | false =>
  searchedTo !== null &&
  next !== null &&
  html`<p class="searched" role="status"><span>${rows.length > 0 ? t`Searched back to ${timeOf(searchedTo)}.` : t`No match back to ${timeOf(searchedTo)}.`} ${t`Older entries have not been searched.`}</span> <a class="btn primary" rel="next" href="${auditHrefOf(query, { cursor: next })}">${t`Search older entries`}</a></p>`;

const paging = (query: AuditQuery, { next, searchedTo }: FoundEntries): Html | false =>
  (query.cursor !== '' || next !== null) &&
  html`<nav class="paging" aria-label="${t`Pages of the log`}">${query.cursor !== '' && html`<a class="btn" href="${auditHrefOf(query)}">${t`Newest entries`}</a>`}${next !== null && searchedTo === null && html`<a class="btn" rel="next" href="${auditHrefOf(query, { cursor: next })}">${t`Older entries`}</a>`}</nav>`;
