import { type Alert, callerKeyOf, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import { environmentsOf, usedScripts } from '../../../domain/alerts/join-facts';
import { mostUrgentFirst, type Severity } from '../../../domain/alerts/severity';
import { spreadOf, timingOf } from '../../../domain/alerts/timing';
import { type AlertView, versionOf } from '../../../domain/measures/alert-view';
import type { Presser } from '../../../domain/people/person';
import { fits, isIn, isOpen } from './match';
import { pageOf } from './page-of';
import { type AlertQuery, type View, views } from './query';
import { type AlertRow, rowOf } from './table-row';

export interface ReadDeps {
  listAlerts: (limit: number) => Promise<Alert[]>;
  /** Announced alerts that are not closed, newest first. */
  listOpen: (filter: { limit: number }) => Promise<Alert[]>;
  /** All kept alerts that have these words, newest first. */
  findAlerts: (text: string, limit: number) => Promise<Alert[]>;
  /** Alerts with their measures and approvals, in the same order. */
  viewsOf: (alerts: readonly Alert[]) => Promise<AlertView[]>;
  now: () => number;
}

/** Numbers of the whole team's work. */
export interface Strip {
  open: Record<Severity, number>;
  /** Medians of the last 30 days, ms; null if nothing was acknowledged or closed. */
  acknowledge: number | null;
  close: number | null;
}

export interface AlertPage {
  rows: AlertRow[];
  /** The position of the first row, counted from 0, and the number of alerts on all pages. */
  from: number;
  total: number;
  next: string | null;
  /** How many alerts each group has, by the row's group. */
  groups: ReadonlyMap<string, number>;
  /** Alerts that the other filters select, in each view. */
  counts: Record<View, number>;
  strip: Strip;
  /** Name of the caller that the query selects. */
  callerName: string;
  /** Of all alerts, for the filter. */
  environments: string[];
}

export const pageSize = 50;
/** A page is chosen among this many of the newest alerts, and of the open ones. */
const searched = 2000;
const relatedSearched = 200;
/** Of all kept alerts, so many of the newest that match a text are shown. */
const maxFound = 500;
const timedMs = 30 * 86_400_000;

/** A page of the list for a viewer. The only function of the list that reads alerts. */
export async function listAlerts(query: AlertQuery, viewer: Presser, deps: ReadDeps): Promise<AlertPage> {
  const [recent, found] = await Promise.all([
    newestAndOpen(searched, deps),
    wordsOf(query) ? deps.findAlerts(wordsOf(query), maxFound) : [],
  ]);
  const foundIds = new Set(found.map(({ id }) => id));
  const all = [...new Map([...recent, ...found].map((alert) => [alert.id, alert])).values()];
  const fitting = all.filter((alert) => fits(alert, foundIds.has(alert.id) ? { ...query, text: '' } : query));
  const slice = pageOf(
    fitting.filter((alert) => isIn(query.view, alert, viewer)),
    query,
    pageSize,
  );
  const shown = await deps.viewsOf(slice.alerts);
  return {
    rows: shown.map((view) => rowOf(view.alert, versionOf(view))),
    from: slice.from,
    total: slice.total,
    next: slice.next,
    groups: slice.groups,
    counts: Object.fromEntries(
      views.map((view) => [view, fitting.filter((alert) => isIn(view, alert, viewer)).length]),
    ) as Record<View, number>,
    strip: stripOf(recent, deps.now()),
    callerName: fitting[0] ? callerName(fitting[0]) : query.caller,
    environments: [
      ...new Set(
        all.flatMap((alert) => environmentsOf(alert).flatMap(({ environment }) => environment ?? [])),
      ),
    ].sort(),
  };
}

/** What the search finds alerts by that are too old for the list. */
const wordsOf = ({ text, caller, machine }: AlertQuery): string =>
  [text, caller, machine.split('/').at(-1)].filter(Boolean).join(' ');

/** Newer alerts never hide an open one. */
async function newestAndOpen(limit: number, { listAlerts: newest, listOpen }: ReadDeps): Promise<Alert[]> {
  const lists = await Promise.all([newest(limit), listOpen({ limit })]);
  return [...new Map(lists.flat().map((alert) => [alert.id, alert])).values()];
}

/** Pure. */
export function stripOf(all: readonly Alert[], now: number): Strip {
  const open = all.filter(isOpen);
  const recent = all.filter(({ announced, raisedAt }) => announced && now - Date.parse(raisedAt) < timedMs);
  const median = (step: 'acknowledge' | 'close') =>
    spreadOf(recent.flatMap((alert) => timingOf(alert)[step] ?? []))?.median ?? null;
  return {
    open: Object.fromEntries(
      mostUrgentFirst.map((one) => [one, open.filter(({ severity }) => severity === one).length]),
    ) as Record<Severity, number>,
    acknowledge: median('acknowledge'),
    close: median('close'),
  };
}

export interface RelatedAlerts {
  caller: Alert[];
  machine: Alert[];
  script: Alert[];
}

/** Other alerts with the same caller, a machine or a script in common, newest first. */
export async function relatedAlerts(alert: Alert, deps: ReadDeps): Promise<RelatedAlerts> {
  const others = (await newestAndOpen(relatedSearched, deps)).filter(({ id }) => id !== alert.id);
  const { caller, machine, scripts } = sharedOf(alert);
  return {
    caller: others.filter((other) => sharedOf(other).caller === caller),
    machine: others.filter((other) => [...sharedOf(other).machine].some((id) => machine.has(id))),
    script: others.filter((other) => [...sharedOf(other).scripts].some((hash) => scripts.has(hash))),
  };
}

const sharedOf = (alert: Alert) => ({
  caller: callerKeyOf(summarize(alert).caller),
  machine: new Set(alert.executions.map(({ target }) => target.id.toLowerCase())),
  scripts: new Set(usedScripts(alert).flatMap(({ script }) => script.sha256 ?? [])),
});

/** Whether the list shows the alert. */
export const isListed = (alert: Alert, query: AlertQuery, viewer: Presser): boolean =>
  fits(alert, query) && isIn(query.view, alert, viewer);
