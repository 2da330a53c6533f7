import { type Alert, summarize } from '../domain/alerts/alert';
import { needsReview, reportText, reviewNoticeId, reviewText } from '../domain/exceptions/exception-review';
import { plainLine } from '../domain/text/plain-text';
import type { Queues } from '../pipeline/queues';
import type { Store } from '../store/store';

const day = 86_400_000;
const maxListed = 15;

interface DigestDeps {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  now: () => number;
}

/** Posts the daily digest once: counts, slowest responses, new callers, and alerts not posted. */
export async function digest({ store, queues, now }: DigestDeps): Promise<void> {
  const alerts = await store.alerts.list({ limit: 10_000, after: now() - day });
  if (alerts.length === 0) return;
  const id = `notice-digest-${dayOf(now())}`;
  await store.deliveries.addNotice({ id, text: digestText(alerts) }, store.surfaces);
  await queues.deliverAll(store.surfaces, [id]);
}

/** Asks each owner once to review an exception that expires soon. */
export async function askForReviews({ store, queues, now }: DigestDeps): Promise<void> {
  for (const exception of await store.exceptions.list()) {
    if (!needsReview(exception, now())) continue;
    const id = reviewNoticeId(exception);
    const actions = [
      { id: 'extend_exception', label: 'Extend 30 days', value: exception.id },
      { id: 'keep_exception', label: 'Let it expire', value: exception.id },
      { id: 'remove_exception', label: 'Remove', value: exception.id },
    ];
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

/** The text of the digest. Pure. */
export function digestText(alerts: readonly Alert[]): string {
  const posted = alerts.filter((alert) => alert.verdict === 'alert');
  const open = posted.filter((alert) => alert.state !== 'closed');
  const quiet = alerts.filter((alert) => alert.threshold);
  const excepted = alerts.filter((alert) => alert.exception && alert.verdict === 'suppressed');
  const byException = new Map<string, number>();
  for (const { exception } of excepted)
    byException.set(exception ?? '', (byException.get(exception ?? '') ?? 0) + 1);
  return [
    `Last 24 hours: ${posted.length} alerts, ${open.length} still open; ${quiet.length} below their environment's threshold; ${excepted.length} covered by exceptions.`,
    ...highlights(posted),
    ...quiet.slice(0, maxListed).map((alert) => `• ${line(alert)}, ${alert.threshold}`),
    ...(quiet.length > maxListed ? [`… and ${quiet.length - maxListed} more below their threshold`] : []),
    ...[...byException].slice(0, maxListed).map(([id, count]) => `• exception ${id}: ${count} times`),
  ].join('\n');
}

/** The alerts with the longest wait for a response, and callers who had not run commands before. */
function highlights(posted: readonly Alert[]): string[] {
  const waits = posted
    .flatMap((alert) => {
      const taken = alert.history.find((change) => change.to !== 'new');
      return taken ? [{ alert, ms: Date.parse(taken.at) - Date.parse(alert.raisedAt) }] : [];
    })
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 3);
  const fresh = posted.filter(
    ({ facts: { history } }) => history && history.days >= 7 && history.byCaller === 0,
  );
  const names = [...new Set(fresh.map((alert) => plainLine(summarize(alert).caller.name, 80)))];
  return [
    ...(waits.length > 0
      ? [
          `Slowest to be acknowledged: ${waits.map(({ alert, ms }) => `${alert.id} ${formatDuration(ms)}`).join(', ')}`,
        ]
      : []),
    ...(names.length > 0
      ? [`New callers: ${names.slice(0, maxListed).join(', ')}${names.length > maxListed ? ' …' : ''}`]
      : []),
  ];
}

const formatDuration = (ms: number) =>
  ms < 120_000
    ? `${Math.round(ms / 1000)} s`
    : ms < 7_200_000
      ? `${Math.round(ms / 60_000)} min`
      : `${Math.round(ms / 3_600_000)} h`;

function line(alert: Alert): string {
  const { technique, target, caller } = summarize(alert);
  return `${alert.id}: ${technique.title} on ${plainLine(target.name, 60)} by ${plainLine(caller.name, 80)}, ${alert.severity} ${alert.score}`;
}
