import { severities } from '../../../domain/alerts/severity';
import { allTechniques } from '../../../domain/techniques/catalogue';
import { counted, dayText, phrase, t, translate } from '../../../domain/text/translate';
import { hourText } from '../activity/hour-text';
import { type Html, html, tHtml } from '../html';
import { bulkBar } from './bulk-html';
import { countText, leastOf } from './count-text';
import {
  type AlertQuery,
  dayOf,
  groupSorts,
  hourOf,
  hrefOf,
  isFiltering,
  noFilters,
  type Sort,
  views,
} from './query';
import type { AlertPage } from './read-alerts';
import { stripHtml } from './strip';
import { groupNameOf, rowHtml, severityName } from './table-row';
import { tabs, viewNames } from './tabs';

export interface ListContext {
  query: AlertQuery;
  csrf: string;
  now: number;
  /** False if no responder is configured: only triage is offered. */
  responders: boolean;
  /** The demo's panel. */
  panel?: Html | undefined;
}

/** The page of all alerts. */
export const listPage = (list: AlertPage, context: ListContext): Html =>
  html`<h1>${t`Alerts`}</h1>
${context.panel}<div id="list" data-query="${hrefOf(context.query).replace(/^\/console\??/, '')}"${context.query.cursor !== '' && html` data-later`}>${tabs(context.query, list.counts)}${stripHtml(list.strip)}${chosen(list, context.query)}${filters(context.query, list.environments)}
${list.waiting > 0 && html`<p class="muted">${counted(list.waiting, '# recent change isn’t in this list yet.', '# recent changes aren’t in this list yet.')}</p>`}
${context.query.of !== '' && onlyHtml(list, context.query)}
<div role="status"><button type="button" class="btn primary fresh" id="fresh" hidden></button></div>
${list.groups.length === 0 ? empty(list, context.query) : table(list, context)}</div>
${help()}`;

/** Says which group is shown. */
function onlyHtml({ groups: [group] }: AlertPage, query: AlertQuery): Html | false {
  const first = group?.alerts[0];
  return (
    first !== undefined &&
    html`<p class="muted">${t`Only alerts of ${groupNameOf(first)}.`} <a href="${hrefOf(query, { of: '', grouped: true })}">${t`Show all groups`}</a></p>`
  );
}

const columns: readonly (readonly [string, string, Sort | null])[] = [
  ['c-sev', phrase('Severity'), 'severity'],
  ['c-what', phrase('Alert'), 'alert'],
  ['c-why', phrase('Why it stands out'), null],
  ['c-env', phrase('Environment'), 'environment'],
  ['c-age', phrase('Age'), 'age'],
  ['c-state', phrase('Status'), 'status'],
  ['c-own', phrase('Owner'), 'owner'],
];

const table = (list: AlertPage, { query, csrf, now, responders }: ListContext): Html =>
  html`<form method="post" action="/console/bulk" id="bulk-form"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="nonce" value="">
<table class="list" aria-label="${t`${translate(viewNames[query.view])} alerts`}"><thead><tr><th scope="col" class="c-sel"><label class="pick"><input type="checkbox" id="select-all" aria-label="${t`Select all on this page`}" hidden></label></th>${columns.map((column) => heading(column, query))}</tr></thead>
${list.groups.map((group) => groupHtml(group, query, now))}</table>
${paging(list, query)}${bulkBar(responders)}</form>`;

function heading([name, label, sort]: (typeof columns)[number], query: AlertQuery): Html {
  if (!sort || (query.grouped && !groupSorts.includes(sort)))
    return html`<th scope="col" class="${name}">${translate(label)}</th>`;
  const isSorted = query.sort === sort;
  const order = query.reversed ? 'descending' : 'ascending';
  const href = hrefOf(query, {
    sort,
    reversed: isSorted && !query.reversed && !(query.grouped && sort === 'severity'),
  });
  return html`<th scope="col" class="${name}"${isSorted && html` aria-sort="${order}"`}><a href="${href}">${translate(label)}</a></th>`;
}

/** The rows of a group, with a heading if there are several. Its controls need the page's script. */
function groupHtml(group: AlertPage['groups'][number], query: AlertQuery, now: number): Html {
  const { id, alerts, count = 0, severity } = group;
  const [first] = alerts;
  const rows = alerts.map((row) => rowHtml(row, now));
  if (!query.grouped || !first || !severity || leastOf(count) < 2) return html`<tbody>${rows}</tbody>`;
  const name = groupNameOf(first);
  const more = leastOf(count) - alerts.length;
  return html`<tbody data-group="${id}"><tr class="group"><td class="c-sel"><label class="pick"><input type="checkbox" class="pick-group" aria-label="${t`Select the alerts of ${name}`}" hidden></label></td><th scope="rowgroup" colspan="7"><div><button type="button" class="fold" aria-expanded="true" disabled>${name}</button> <span class="pill ${severity}">${severityName(severity)}</span> <span class="muted num">${t`${countText(count)} alerts`}</span>${more > 0 && html` <a href="${hrefOf(query, { of: id, grouped: false })}">${t`Show all`}</a>`}</div></th></tr>
${rows}</tbody>`;
}

function paging(list: AlertPage, query: AlertQuery): Html | false {
  if (!list.next && !list.previous) return false;
  const shown = list.groups.reduce((sum, { alerts }) => sum + alerts.length, 0);
  const link = (cursor: string | null, rel: 'prev' | 'next', words: string) =>
    cursor && html`<a class="btn" rel="${rel}" href="${hrefOf(query, { cursor })}">${words}</a>`;
  return html`<nav class="paging" aria-label="${t`Pages of the list`}">${link(list.previous, 'prev', t`Previous page`)}<span class="muted num">${t`${shown} of ${countText(list.total)} alerts`}</span>${link(list.next, 'next', t`Next page`)}</nav>`;
}

const nothing: Record<AlertQuery['view'], string> = {
  open: phrase('No open alerts. Alerts about commands run on machines appear here automatically.'),
  mine: phrase('No open alerts are assigned to you.'),
  unassigned: phrase('Every open alert has an owner.'),
  contained: phrase('No alerts are contained.'),
  suppressed: phrase('No alerts are suppressed by an exception or an environment’s threshold.'),
  closed: phrase('No alerts are closed yet.'),
  all: phrase('No alerts yet. Alerts about commands run on machines appear here automatically.'),
};

/** Says why the list is empty and where there is more. */
function empty({ counts }: AlertPage, query: AlertQuery): Html {
  if (query.cursor)
    return html`<p class="empty">${t`No more alerts on this page.`} <a href="${hrefOf(query)}">${t`First page`}</a></p>`;
  if (!isFiltering(query)) return html`<p class="empty">${translate(nothing[query.view])}</p>`;
  const elsewhere = views.filter((view) => view !== query.view && leastOf(counts[view]) > 0);
  return html`<p class="empty">${t`No alerts match.`} <a href="${hrefOf(query, noFilters)}">${t`Clear filters`}</a>${elsewhere.length > 0 && tHtml` or see what matches in ${elsewhere.map((view, i) => html`${i > 0 && ', '}<a href="${hrefOf(query, { view, state: '' })}">${translate(viewNames[view])} (${countText(counts[view])})</a>`)}`}</p>`;
}

/** Filters that come from a link on another page, each with a link that removes it. */
function chosen({ callerName }: AlertPage, query: AlertQuery): Html | false {
  const { caller, machine, hour, day } = query;
  const parts = [
    caller !== '' && { words: t`Caller: ${callerName}`, without: { caller: '' } },
    machine !== '' && { words: t`Machine: ${machine.split('/').at(-1) ?? ''}`, without: { machine: '' } },
    hour !== '' && { words: hourText(hourOf(hour) ?? 0), without: { hour: '' } },
    day !== '' && { words: t`${dayText(dayOf(day) ?? 0)}, UTC`, without: { day: '' } },
  ].filter((part) => part !== false);
  return (
    parts.length > 0 &&
    html`<ul class="chosen" aria-label="${t`Filters`}">${parts.map(({ words, without }) => html`<li><a href="${hrefOf(query, without)}" aria-label="${t`Remove the filter ${words}`}">${words} <span aria-hidden="true">✕</span></a></li>`)}</ul>`
  );
}

type Option = readonly [value: string, words: string];

function filters(query: AlertQuery, environments: readonly string[]): Html {
  const select = (name: string, label: string, chosen: string, options: readonly Option[]) =>
    html`<select name="${name}" aria-label="${label}">${options.map(
      ([value, words]) =>
        html`<option value="${value}"${value === chosen && html` selected`}>${words}</option>`,
    )}</select>`;
  const hidden = (name: string, value: string) =>
    value !== '' && html`<input type="hidden" name="${name}" value="${value}">`;
  const known = environments.includes(query.environment)
    ? environments
    : [query.environment, ...environments];
  return html`<form method="get" action="/console" class="bar" role="search" aria-label="${t`Filter alerts`}">${hidden('of', query.of)}${hidden('caller', query.caller)}${hidden('machine', query.machine)}${hidden('hour', query.hour)}${hidden('day', query.day)}${hidden('view', query.view === 'open' ? '' : query.view)}${hidden('sort', query.sort === 'severity' && !query.reversed ? '' : `${query.reversed ? '-' : ''}${query.sort}`)}
<input type="search" name="q" id="search" value="${query.text}" aria-label="${t`Search alerts`}" placeholder="${t`Search caller, machine, IP, script or ID`}" maxlength="200">
${select('severity', t`Severity`, query.severity, [['', t`All severities`], ...severities.toReversed().map((one): Option => [one, translate(one)])])}
${environments.length > 0 && select('environment', t`Environment`, query.environment, [['', t`All environments`], ...known.filter(Boolean).map((one): Option => [one, one])])}
${select('technique', t`Technique`, query.technique, [['', t`All techniques`], ...allTechniques().map(({ id, title }): Option => [id, translate(title)])])}
${select('group', t`Group by`, query.grouped ? 'caller-machine' : '', [
  ['', t`Not grouped`],
  ['caller-machine', t`Caller + machine`],
])}
<button class="btn">${t`Apply`}</button>${isFiltering(query) && html` <a href="${hrefOf(query, noFilters)}">${t`Clear`}</a>`}</form>`;
}

const shortcuts: readonly (readonly [string, string])[] = [
  ['j / k', phrase('Next or previous alert')],
  ['x', phrase('Select the alert or the group')],
  ['a', phrase('Acknowledge the selection, or this alert')],
  ['c', phrase('Close the selection, or this alert')],
  [phrase('o or Enter'), phrase('Open the alert, or collapse the group')],
  ['/', phrase('Search')],
  ['?', phrase('These shortcuts')],
  [phrase('Esc'), phrase('Close a dialog')],
];

const help = (): Html =>
  html`<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">${t`Keyboard shortcuts`}</h2><dl class="keys">${shortcuts.map(([key, does]) => html`<dt><kbd>${translate(key)}</kbd></dt><dd>${translate(does)}</dd>`)}</dl><p><label class="check"><input type="checkbox" id="use-keys" checked>${t` Use single-key shortcuts`}</label></p><form method="dialog"><button class="btn primary">${t`Done`}</button></form></dialog>`;
