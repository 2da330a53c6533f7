import { type AlertFigures, figureWeeks, timedAlerts } from '../chat/console/activity/figures';
import { mostUrgentFirst, type Severity } from '../domain/alerts/severity';
import { type Sla, spreadOf, targetOf } from '../domain/alerts/timing';
import { lastWeeks, weekStart } from '../domain/text/weeks';
import type { AlertsStore } from '../store/alerts-store';

/**
 * Volumes and response times of the last 12 weeks. Reads no whole alert: the index counts the alerts of one
 * severity and week without examining them, and the times are in the rows of a few hundred alerts.
 */
export async function alertFigures(
  alerts: Pick<AlertsStore, 'search' | 'countFound'>,
  sla: Sla,
  now: number,
): Promise<AlertFigures> {
  const weeks = lastWeeks(now, figureWeeks);
  // A search first indexes the newest changes.
  const timed = await Promise.all(
    mostUrgentFirst.map((severity) => acknowledgedIn(severity, weeks[0] ?? 0, alerts)),
  );
  return {
    weeks: await Promise.all(weeks.map((week) => weekOfAlerts(week, alerts))),
    acknowledge: bySeverity((severity, i) => ({
      median: spreadOf(timed[i] ?? [])?.median ?? null,
      of: timed[i]?.length ?? 0,
      target: targetOf(severity, 'acknowledge', sla),
    })),
  };
}

const bySeverity = <T>(read: (severity: Severity, index: number) => T) =>
  Object.fromEntries(mostUrgentFirst.map((one, i) => [one, read(one, i)])) as Record<Severity, T>;

/** A search by one condition counts exactly. */
async function weekOfAlerts(week: number, { countFound }: Pick<AlertsStore, 'countFound'>) {
  const range = { after: weekStart(week), before: weekStart(week + 1) };
  const [suppressed = 0, ...counts] = await Promise.all([
    countFound({ ...range, verdict: 'suppressed' }),
    ...mostUrgentFirst.map((severity) => countFound({ ...range, severities: [severity] })),
  ]);
  return { start: range.after, counts: bySeverity((_, i) => counts[i] ?? 0), suppressed };
}

async function acknowledgedIn(
  severity: Severity,
  week: number,
  { search }: Pick<AlertsStore, 'search'>,
): Promise<number[]> {
  const found = await search({ severities: [severity], after: weekStart(week) }, { limit: timedAlerts });
  return found.alerts.flatMap(({ announced, acknowledgedMs }) =>
    announced && acknowledgedMs !== null ? acknowledgedMs : [],
  );
}
