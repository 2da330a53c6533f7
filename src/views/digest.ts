import { type Alert, summarize } from '../domain/alerts/alert';
import { mostUrgentFirst, type Severity } from '../domain/alerts/severity';
import {
  missedSteps,
  type Sla,
  spreadOf,
  type Timing,
  type TimingStep,
  targetOf,
  timingOf,
  timingSteps,
} from '../domain/alerts/timing';
import {
  needsReview,
  reportText,
  reviewActions,
  reviewNoticeId,
  reviewText,
} from '../domain/exceptions/exception-review';
import { durationWords } from '../domain/text/duration';
import { plainLine } from '../domain/text/plain-text';
import { counted, phrase, t, translate } from '../domain/text/translate';
import type { Queues } from '../pipeline/queues';
import type { Store } from '../store/store';

const day = 86_400_000;
const maxListed = 15;

interface DigestDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  now: () => number;
}

/** Posts the daily digest once: counts, response times, new callers, and alerts not posted. */
export async function digest({ store, queues, now, sla }: DigestDeps & { sla: Sla }): Promise<void> {
  const rows: DigestRow[] = [];
  for await (const page of store.alerts.since(now() - day))
    rows.push(...page.map((alert) => digestRow(alert, sla, now())));
  const past = await store.alerts.pastTargets(sla, now());
  if (rows.length === 0 && past.every(({ count }) => count === 0)) return;
  const id = `notice-digest-${dayOf(now())}`;
  await store.deliveries.addNotice({ id, text: digestText(rows, sla, past) }, store.surfaces);
  await queues.deliverAll(store.surfaces, [id]);
}

/** Asks each owner once to review an exception that expires soon. */
export async function askForReviews({ store, queues, now }: DigestDeps): Promise<void> {
  for (const exception of await store.exceptions.list()) {
    if (!needsReview(exception, now())) continue;
    const id = reviewNoticeId(exception);
    const actions = reviewActions(exception);
    const text = reviewText(exception, await store.exceptions.uses(exception.id));
    const to = exception.owner.includes('@') ? { to: exception.owner } : {};
    if (await store.deliveries.addNotice({ id, text, actions, ...to }, store.surfaces))
      await queues.deliverAll(store.surfaces, [id]);
  }
}

/** Posts all exceptions with their usage, once a month. */
export async function report({ store, queues, now }: DigestDeps): Promise<void> {
  const rows = await Promise.all(
    (await store.exceptions.list()).map(async (exception) => ({
      exception,
      uses: await store.exceptions.uses(exception.id),
    })),
  );
  const text = reportText(rows, now());
  if (text === null) return;
  const id = `notice-report-${dayOf(now()).slice(0, 7)}`;
  await store.deliveries.addNotice({ id, text }, store.surfaces);
  await queues.deliverAll(store.surfaces, [id]);
}

const dayOf = (now: number) => new Date(now).toISOString().slice(0, 10);

/** What the digest keeps of an alert, so that a flood fits into memory. */
export interface DigestRow {
  id: string;
  posted: boolean;
  open: boolean;
  /** Its line, if it scored below its environment's threshold. */
  quiet: string | null;
  /** Id of the exception that suppressed it. */
  exception: string | null;
  severity: Severity;
  timing: Timing;
  /** Steps that missed their target. */
  missed: TimingStep[];
  /** The caller's name, if they had not run commands before. */
  newCaller: string | null;
}

export function digestRow(alert: Alert, sla: Sla, now: number): DigestRow {
  const { history } = alert.facts;
  return {
    id: alert.id,
    posted: alert.verdict === 'alert' && !alert.mergedInto,
    open: alert.state !== 'closed',
    quiet: alert.threshold ? `${line(alert)}, ${alert.threshold}` : null,
    exception: alert.verdict === 'suppressed' ? alert.exception : null,
    severity: alert.severity,
    timing: timingOf(alert),
    missed: missedSteps(alert, sla, now),
    newCaller:
      history && history.days >= 7 && history.byCaller === 0
        ? plainLine(summarize(alert).caller.name, 80)
        : null,
  };
}

interface PastTarget {
  severity: Severity;
  step: TimingStep;
  count: number;
}

/**
 * The text of the digest. Pure.
 * @param past open alerts of any age that are past their target
 */
export function digestText(rows: readonly DigestRow[], sla: Sla, past: readonly PastTarget[]): string {
  const posted = rows.filter((row) => row.posted);
  const open = posted.filter((row) => row.open);
  const quiet = rows.flatMap((row) => row.quiet ?? []);
  const excepted = rows.flatMap((row) => row.exception || []);
  const byException = new Map<string, number>();
  for (const id of excepted) byException.set(id, (byException.get(id) ?? 0) + 1);
  return [
    t`Last 24 hours: ${posted.length} alerts, ${open.length} still open; ${quiet.length} below their environment's threshold; ${excepted.length} covered by exceptions.`,
    ...responseTimes(posted, sla),
    ...openPastTarget(past),
    ...highlights(posted),
    ...quiet.slice(0, maxListed).map((text) => `• ${text}`),
    ...more(quiet.length, t`below their threshold`),
    ...[...byException]
      .slice(0, maxListed)
      .map(([id, count]) => t`• exception ${id}: ${counted(count, '# time', '# times')}`),
    ...more(byException.size, t`exceptions`),
  ].join('\n');
}

const more = (count: number, words: string): string[] =>
  count > maxListed ? [t`… and ${count - maxListed} more ${words}`] : [];

const done = {
  acknowledge: phrase('acknowledged'),
  contain: phrase('contained'),
  close: phrase('closed'),
} as const;

/** A line per severity: the median and 90th percentile of each step, and how many missed its target. */
function responseTimes(posted: readonly DigestRow[], sla: Sla): string[] {
  return mostUrgentFirst.flatMap((severity) => {
    const own = posted.filter((row) => row.severity === severity);
    const parts = timingSteps.flatMap((step) => {
      const target = targetOf(severity, step, sla);
      const spread = spreadOf(own.flatMap(({ timing }) => timing[step] ?? []));
      const missed = own.filter((row) => row.missed.includes(step)).length;
      const late = target === null ? '' : t`${missed} missed the target of ${durationWords(target)}`;
      if (spread)
        return [
          t`${translate(done[step])} after ${durationWords(spread.median)} (median), ${durationWords(spread.p90)} (90th percentile)${late && `, ${late}`}`,
        ];
      return missed > 0 ? [t`none ${translate(done[step])}, ${late}`] : [];
    });
    return parts.length > 0 ? [`${translate(severity)}: ${parts.join('; ')}`] : [];
  });
}

function openPastTarget(past: readonly PastTarget[]): string[] {
  const late = past.filter(({ count }) => count > 0);
  const counts = late.map(
    ({ severity, step, count }) => t`${count} ${translate(severity)} not ${translate(done[step])}`,
  );
  return late.length > 0 ? [t`Open and past their target: ${counts.join(', ')}`] : [];
}

/** The alerts with the longest wait for a response, and callers who had not run commands before. */
function highlights(posted: readonly DigestRow[]): string[] {
  const waits = posted
    .flatMap(({ id, timing }) => (timing.acknowledge === null ? [] : [{ id, waited: timing.acknowledge }]))
    .sort((a, b) => b.waited - a.waited)
    .slice(0, 3);
  const names = [...new Set(posted.flatMap((row) => row.newCaller ?? []))];
  return [
    ...(waits.length > 0
      ? [
          t`Slowest to be acknowledged: ${waits.map(({ id, waited }) => `${id} ${durationWords(waited)}`).join(', ')}`,
        ]
      : []),
    ...(names.length > 0
      ? [t`New callers: ${names.slice(0, maxListed).join(', ')}${names.length > maxListed ? ' …' : ''}`]
      : []),
  ];
}

function line(alert: Alert): string {
  const { technique, target, caller } = summarize(alert);
  return t`${alert.id}: ${technique.title} on ${plainLine(target.name, 60)} by ${plainLine(caller.name, 80)}, ${translate(alert.severity)} ${alert.score}`;
}
