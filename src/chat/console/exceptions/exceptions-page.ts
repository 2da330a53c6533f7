import { lastDay } from '../../../domain/exceptions/exception';
import { durationWords } from '../../../domain/text/duration';
import { counted, dayText, numberText, phrase, t, translate } from '../../../domain/text/translate';
import { pressForm } from '../forms';
import { type Html, html, tHtml } from '../html';
import { type ExceptionQuery, type ExceptionView, exceptionsHref, exceptionViews, searchOf } from './query';
import { type ExceptionPage, type ExceptionRow, expiringDays } from './read-exceptions';
import { weekBars } from './week-bars';

export interface ExceptionsContext {
  query: ExceptionQuery;
  csrf: string;
  now: number;
  /** False if no responder is configured: then nobody may add, extend or remove. */
  responders: boolean;
}

const viewNames: Record<ExceptionView, string> = {
  all: phrase('All'),
  expiring: phrase('Expiring in 14 days'),
  unused: phrase('Unused'),
  mine: phrase('Mine'),
};

/** The page of all exceptions. */
export const exceptionsPage = (list: ExceptionPage, context: ExceptionsContext): Html =>
  html`<div class="title"><h1>${t`Exceptions`}</h1><a class="btn primary" href="/console/exceptions/new">${t`Add exception`}</a></div>
<p class="muted">${t`Alerts that match an exception are recorded and counted, not posted.`}</p>
${!context.responders && html`<p class="note">${t`No responders are configured, so nobody can add, extend or remove exceptions here.`}</p>`}
${pressForm(context.csrf)}<div id="exceptions">${tabs(context.query, list.counts)}
${list.rows.length === 0 ? empty(list, context.query) : table(list, context)}</div>`;

const tabs = ({ view: shown }: ExceptionQuery, counts: ExceptionPage['counts']): Html =>
  html`<nav class="views" aria-label="${t`Views`}">${exceptionViews.map(
    (view) =>
      html`<a href="${exceptionsHref({ view, page: 1 })}"${view === shown && html` aria-current="page"`}>${translate(viewNames[view])} <span class="num">${numberText(counts[view])}</span></a>`,
  )}</nav>`;

const columns = [
  phrase('Conditions'),
  phrase('Reason'),
  phrase('Owner'),
  phrase('Expires'),
  phrase('Matches per week'),
];

const table = (list: ExceptionPage, context: ExceptionsContext): Html =>
  html`<table class="exceptions" aria-label="${t`Exceptions`}" data-beside><thead><tr>${columns.map((column) => html`<th scope="col">${translate(column)}</th>`)}<th scope="col"><span class="unseen">${t`Actions`}</span></th></tr></thead><tbody>
${list.rows.map((row) => rowHtml(row, context))}</tbody></table>${paging(list, context.query)}`;

const rowHtml = (row: ExceptionRow, { query, now }: ExceptionsContext): Html =>
  html`<tr id="row-${row.id}" class="${row.state === 'expired' && 'over'}"><td class="x-match"><strong>${row.conditions}</strong>${row.critical && html` <span class="pill critical">${t`Also critical alerts`}</span>`}<span class="sub">${row.id}</span></td><td class="x-why">${row.reason}${row.ticket && html` <a href="${row.ticket}" rel="noreferrer">${t`Ticket`}</a>`}${row.from && html`<span class="sub">${tHtml`Added from ${html`<a href="/console/alerts/${encodeURIComponent(row.from.alertId)}">${row.from.text}</a>`}`}</span>`}</td><td class="x-own">${row.owner}</td><td class="x-end num">${endHtml(row, now)}</td><td class="x-weeks num">${weekBars(row.uses)}</td><td class="x-do">${buttons(row, query)}</td></tr>
`;

function endHtml({ expires, state }: ExceptionRow, now: number): Html {
  const date = html`<time datetime="${expires}">${dayText(lastDay(expires))}</time>`;
  if (state === 'expired')
    return html`${date}<span class="sub"><span class="pill none">${t`Expired`}</span></span>`;
  const left = t`in ${durationWords(Date.parse(expires) - now)}`;
  return html`${date}<span class="sub">${state === 'expiring' ? html`<span class="pill medium">${left}</span>` : left}</span>`;
}

/** Buttons say which exception they are about to those who can't see the row. */
function buttons({ id, state, conditions }: ExceptionRow, query: ExceptionQuery): Html {
  const at = `/console/exceptions/${encodeURIComponent(id)}`;
  const about = html`<span class="unseen">: ${conditions}</span>`;
  return html`<div class="row">${
    state !== 'expired' &&
    html`<button class="btn" form="press" formaction="${at}/extend_exception${searchOf(query)}" data-action="extend_exception" data-of="${id}" data-name="${t`Extend ${id}`}">${t`Extend 30 days`}${about}</button>`
  }<a class="btn danger" role="button" href="${at}/remove${searchOf(query)}" data-opens="remove_exception" data-of="${id}">${t`Remove…`}${about}</a></div>`;
}

function paging({ rows, from, total }: ExceptionPage, query: ExceptionQuery): Html | false {
  if (rows.length === total) return false;
  const to = (page: number, rel: string, label: string) =>
    html`<a class="btn" rel="${rel}" href="${exceptionsHref({ ...query, page })}">${label}</a>`;
  return html`<nav class="paging" aria-label="${t`Pages of the list`}">${query.page > 1 && to(query.page - 1, 'prev', t`Previous page`)}<span class="muted num">${t`${from + 1}–${from + rows.length} of ${total}`}</span>${from + rows.length < total && to(query.page + 1, 'next', t`Next page`)}</nav>`;
}

const importCommand = 'runwatch exceptions import';

/** Says why the list is empty and what to do. */
function empty({ counts, total }: ExceptionPage, { view }: ExceptionQuery): Html {
  if (total > 0)
    return box(
      t`No more exceptions on this page.`,
      html`<a href="${exceptionsHref({ view, page: 1 })}">${t`First page`}</a>`,
    );
  if (counts.all === 0)
    return box(
      t`No exceptions yet`,
      tHtml`Add one here, from an alert, or with ${html`<code>${importCommand}</code>`}.`,
    );
  const nothing: Record<ExceptionView, string> = {
    all: '',
    expiring: t`No exception expires in the next ${expiringDays} days.`,
    unused: t`Every exception in force has suppressed an alert.`,
    mine: t`You own no exceptions.`,
  };
  return box(
    nothing[view],
    html`<a href="/console/exceptions">${counted(counts.all, 'See the # exception', 'See all # exceptions')}</a>`,
  );
}

const box = (head: string, text: Html): Html =>
  html`<div class="blank"><p><strong>${head}</strong></p><p>${text}</p></div>`;
