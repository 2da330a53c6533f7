import type { AlertQuery as Search, SearchPart } from '../../../domain/alerts/alert-query';
import type { AlertRow } from '../../../domain/alerts/alert-row';
import { type FacetCount, lists, ownerKeyOf } from '../../../domain/alerts/facets';
import { mostUrgentFirst, type Severity } from '../../../domain/alerts/severity';
import { spreadOf, type Timing } from '../../../domain/alerts/timing';
import { isSamePerson, type Presser } from '../../../domain/people/person';
import { partsOf } from './parts';
import { type AlertQuery, type View, views } from './query';
import { filtersOf, fits, isCounted, isIn, searchOf } from './search';

export type Count = number | `at least ${number}`;

interface Found {
  /** Cursors. */
  next: string | null;
  previous: string | null;
  /** Changed alerts that are shown as they were before. */
  waiting: number;
}

export interface RowGroup {
  id: string;
  count: Count;
  /** The worst of the group. */
  severity: Severity;
  /** The first ones. */
  alerts: AlertRow[];
}

/** What the list reads, all from the index. */
export interface ReadDeps {
  searchAlerts: (
    query: Search,
    options: { limit?: number; cursor?: string | null; parts?: readonly SearchPart[]; total?: number },
  ) => Promise<Found & { alerts: AlertRow[]; total: Count }>;
  searchGroups: (
    query: Search,
    options: { limit: number; cursor: string | null },
  ) => Promise<Found & { groups: RowGroup[] }>;
  /** How many of all alerts have the same facets. */
  countAll: () => Promise<FacetCount[]>;
  /** The same of alerts that are found. */
  countMatches: (query: Search) => Promise<{ counts: FacetCount[]; isExact: boolean }>;
  openCounts: () => Promise<{ severity: Severity; count: number }[]>;
  /** Of the newest alerts raised since, ms. */
  timings: (
    after: number,
    limit: number,
  ) => Promise<{ timings: Pick<Timing, 'acknowledge' | 'close'>[]; isLimited: boolean }>;
  now: () => number;
}

/** Numbers of the whole team's work. */
export interface Strip {
  open: Record<Severity, number>;
  /** Medians, ms; null if nothing was acknowledged or closed. */
  acknowledge: number | null;
  close: number | null;
  /** The medians are of this many of the newest alerts only; null: of all. */
  newest: number | null;
}

export interface AlertPage extends Found {
  /** One group without an id if alerts are not grouped. */
  groups: (Omit<RowGroup, 'severity' | 'count'> & Partial<RowGroup>)[];
  /** The number of alerts on all pages. */
  total: Count;
  /** Alerts that the other filters select, in each view. */
  counts: Record<View, Count>;
  strip: Strip;
  /** Name of the caller that the query selects. */
  callerName: string;
  /** Of all alerts, for the filter. */
  environments: string[];
}

export const pageSize = 50;
export const timedDays = 7;
const timedAlerts = 2000;

/** A page of the list for a viewer. */
export async function listAlerts(query: AlertQuery, viewer: Presser, deps: ReadDeps): Promise<AlertPage> {
  // First, because it also indexes the newest changes.
  const matches = await countMatches(query, deps);
  const [all, strip] = await Promise.all([isCounted(query) ? null : deps.countAll(), stripOf(deps)]);
  const { isExact } = matches;
  const known = all ?? matches.counts;
  const fitting = matches.counts.filter(({ facets }) => fits(facets, query));
  const inView = (view: View) => fitting.filter(({ facets }) => isIn(view, facets, viewer));
  const countOf = (view: View): Count => {
    const count = inView(view).reduce((sum, one) => sum + one.count, 0);
    return isExact ? count : `at least ${count}`;
  };
  const search = { ...searchOf(query, keysOf(viewer, known)), sort: orderOf(query) };
  const counts = Object.fromEntries(views.map((view) => [view, countOf(view)])) as Record<View, Count>;
  const environments = [...new Set(known.flatMap(({ facets }) => facets.environments))].sort();
  const common = { counts, strip, environments };
  const page = { limit: pageSize, cursor: query.cursor || null };
  if (query.grouped) {
    const found = await deps.searchGroups(search, page);
    const named = found.groups[0]?.alerts[0];
    return { ...common, ...found, total: counts[query.view], callerName: named?.caller.name ?? query.caller };
  }
  const { alerts, ...found } = await deps.searchAlerts(search, {
    ...page,
    parts: partsOf(query, search, known, isExact ? inView(query.view) : null),
    ...(isExact ? { total: Number(counts[query.view]) } : {}),
  });
  const groups = alerts.length > 0 ? [{ id: '', alerts }] : [];
  return { ...common, ...found, groups, callerName: alerts[0]?.caller.name ?? query.caller };
}

async function countMatches(query: AlertQuery, deps: ReadDeps) {
  if (!query.of) return deps.countMatches(isCounted(query) ? {} : filtersOf(query));
  const found = await Promise.all(
    lists.map((list) => deps.countMatches({ ...filtersOf(query), lists: [list], group: query.of })),
  );
  return { counts: found.flatMap(({ counts }) => counts), isExact: found.every((one) => one.isExact) };
}

const orderOf = ({ sort, reversed, grouped }: AlertQuery): Search['sort'] => {
  if (sort === 'age') return reversed ? 'oldest' : 'newest';
  return grouped ? 'severity' : 'newest';
};

/** The keys under which alerts are assigned to the viewer. */
const keysOf = (viewer: Presser, counts: readonly FacetCount[]): string[] => [
  ...new Set(
    counts.flatMap(({ facets: { owner } }) =>
      owner && isSamePerson(owner, viewer) ? ownerKeyOf(owner) : [],
    ),
  ),
];

async function stripOf({ openCounts, timings, now }: ReadDeps): Promise<Strip> {
  const [open, timed] = await Promise.all([
    openCounts(),
    timings(now() - timedDays * 86_400_000, timedAlerts),
  ]);
  const median = (step: 'acknowledge' | 'close') =>
    spreadOf(timed.timings.flatMap((timing) => timing[step] ?? []))?.median ?? null;
  const openOf = (severity: Severity) =>
    open.filter((one) => one.severity === severity).reduce((sum, { count }) => sum + count, 0);
  return {
    open: Object.fromEntries(mostUrgentFirst.map((one) => [one, openOf(one)])) as Record<Severity, number>,
    acknowledge: median('acknowledge'),
    close: median('close'),
    newest: timed.isLimited ? timedAlerts : null,
  };
}
