import type { AlertPage, ReadDeps } from '../../src/chat/console/alerts/read-alerts';
import type { Alert } from '../../src/domain/alerts/alert';
import { rowOf } from '../../src/domain/alerts/alert-row';
import type { Store } from '../../src/store/store';

/** What the console's list reads of a store. */
export const listDepsOf = ({ alerts }: Pick<Store, 'alerts'>, now: () => number): ReadDeps => ({
  searchAlerts: alerts.search,
  searchGroups: alerts.searchGroups,
  countAll: alerts.countAll,
  countMatches: alerts.countMatches,
  openCounts: alerts.openCounts,
  timings: alerts.timings,
  now,
});

/** A page that shows these alerts in one group. */
export const pageWith = (alerts: readonly Alert[], more: Partial<AlertPage> = {}): AlertPage => ({
  groups:
    alerts.length > 0 ? [{ id: 'G', count: alerts.length, severity: 'high', alerts: alerts.map(rowOf) }] : [],
  total: alerts.length,
  counts: { open: 1, mine: 0, unassigned: 1, contained: 0, suppressed: 2, closed: 3000, all: 3003 },
  strip: {
    open: { critical: 1, high: 0, medium: 2, low: 0 },
    acknowledge: 60_000,
    close: null,
    newest: null,
  },
  callerName: 'dana',
  environments: [],
  next: 'a..9.',
  previous: 'b..9.',
  waiting: 0,
  ...more,
});
