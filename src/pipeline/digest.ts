import { type Alert, summarize } from '../alerts/alert';
import type { Exception } from '../alerts/exception';
import { plainLine } from '../alerts/plain-text';
import type { Store } from '../store/store';
import type { Queues } from './queues';

const day = 86_400_000;
const listed = 15;

/** Posts the day's digest once: how many alerts, and which were recorded without being posted, and why. */
export async function digest({
  store,
  queues,
  now,
}: {
  store: Store;
  queues: Pick<Queues, 'deliverAll'>;
  now: () => number;
}): Promise<void> {
  const alerts = await store.alerts.list({ limit: 10_000, after: now() - day });
  const exceptions = await store.exceptions.list();
  const review = await Promise.all(
    exceptions
      .filter((e) => endsSoon(e, now()))
      .map(async (e) => reviewLine(e, await store.exceptions.uses(e.id))),
  );
  if (alerts.length === 0 && review.length === 0) return;
  const id = `notice-digest-${new Date(now()).toISOString().slice(0, 10)}`;
  await store.deliveries.addNotice({ id, text: [digestText(alerts), ...review].join('\n') }, store.surfaces);
  await queues.deliverAll(store.surfaces, [id]);
}

/** The digest in words. Pure. */
export function digestText(alerts: readonly Alert[]): string {
  const posted = alerts.filter((alert) => alert.verdict === 'alert');
  const open = posted.filter((alert) => alert.state !== 'closed');
  const quiet = alerts.filter((alert) => alert.threshold);
  const excepted = alerts.filter((alert) => alert.exception && alert.verdict === 'suppressed');
  const byException = new Map<string, number>();
  for (const { exception } of excepted)
    byException.set(exception ?? '', (byException.get(exception ?? '') ?? 0) + 1);
  return [
    `The last 24 hours: ${posted.length} alerts, ${open.length} still open; ${quiet.length} below their environment's threshold; ${excepted.length} covered by exceptions.`,
    ...quiet.slice(0, listed).map((alert) => `• ${line(alert)}, ${alert.threshold}`),
    ...(quiet.length > listed ? [`… and ${quiet.length - listed} more below their threshold`] : []),
    ...[...byException].slice(0, listed).map(([id, count]) => `• exception ${id}: ${count} times`),
  ].join('\n');
}

/** A week before its end its owner is asked; a review date of its own is kept too. */
export const endsSoon = (exception: Exception, now: number): boolean => {
  const left = Date.parse(exception.expires) - now;
  const review = exception.review ? Date.parse(exception.review) - now : Number.POSITIVE_INFINITY;
  return left > 0 && (left <= 7 * day || (review <= 0 && review > -day));
};

const reviewLine = (exception: Exception, uses: number) =>
  `• to review by ${plainLine(exception.owner, 80)}: exception ${exception.id} ends ${exception.expires.slice(0, 10)}, ${uses === 0 ? 'never used' : `suppressed ${uses} alerts`}. runwatch exceptions review ${exception.id} --until DAY extends it, expire ends it.`;

function line(alert: Alert): string {
  const { technique, target, caller } = summarize(alert);
  return `${alert.id}: ${technique.title} on ${plainLine(target.name, 60)} by ${plainLine(caller.name, 80)}, ${alert.severity} ${alert.score}`;
}
