import type { Log } from '../runtime/log';
import type { History } from '../store/events/history';
import type { PollState, SubscriptionHealth } from '../store/events/poll-state';
import type { HealthStore } from '../store/health-store';
import { keepManagementGroups, type ManagementGroupDeps } from './keep-management-groups';
import type { Queues } from './queues';

export interface DiscoverDeps extends Pick<ManagementGroupDeps, 'listManagementGroups'> {
  /** The configured subscriptions; null for all that the credential can see. */
  named: readonly string[] | null;
  listSubscriptions: () => Promise<{ id: string; name: string }[]>;
  polls: PollState;
  health: HealthStore;
  queues: Pick<Queues, 'poll' | 'backfill'>;
  history: History;
  /** Delay before a new subscription's backfill, so that polls run first, ms. */
  backfillDelayMs: number;
  now: () => number;
  pollSeconds: number;
  log: Log;
}

/** Keeps one poll schedule per subscription, as subscriptions appear and disappear. */
export async function discover(deps: DiscoverDeps): Promise<void> {
  const { named, listSubscriptions, polls, health, queues, log, now } = deps;
  const at = now();
  const visible = await listSubscriptions().catch((error) => {
    if (!named) throw error;
    log.warn({ error }, 'could not list subscriptions; their names are unknown');
    return [];
  });
  const names = new Map(visible.map((subscription) => [subscription.id, subscription.name]));
  const wanted = new Set(named ?? names.keys());
  const known = await polls.subscriptions();
  for (const { id, name } of known) {
    if (wanted.has(id)) continue;
    if (!named) await health.noteVanished({ id, name, at });
    await queues.poll.removeJobScheduler(id);
    await polls.dropSubscription(id);
    log.warn({ subscriptionId: id }, 'a subscription is gone; polling of it has stopped');
  }
  await Promise.all([keepManagementGroups([...wanted], deps), schedulePolls(wanted, names, known, deps)]);
  if (wanted.size === 0) log.warn('the credential can see no subscription; grant it Reader on one');
}

async function schedulePolls(
  wanted: ReadonlySet<string>,
  names: ReadonlyMap<string, string>,
  known: readonly SubscriptionHealth[],
  deps: DiscoverDeps,
): Promise<void> {
  const { polls, health, queues, pollSeconds, log, now } = deps;
  for (const id of wanted) {
    const before = known.find((subscription) => subscription.id === id);
    const name = names.get(id) ?? before?.name ?? '';
    if (!before || before.name !== name)
      await polls.putSubscription({ lastPollAt: null, error: null, since: now(), ...before, id, name });
    if (!before) await health.dropVanished(id);
    await queues.poll.upsertJobScheduler(
      id,
      { every: pollSeconds * 1000 },
      { name: 'poll', data: { subscriptionId: id } },
    );
    await fillHistory(id, deps);
    if (!before) log.info({ subscriptionId: id, name }, 'polling a subscription');
  }
}

const historyDays = 89 * 86_400_000;

async function fillHistory(
  subscriptionId: string,
  { history, queues, backfillDelayMs, now }: DiscoverDeps,
): Promise<void> {
  const from = await history.filledFrom(subscriptionId);
  if (from !== null && now() - from >= historyDays) return;
  const options = { delay: backfillDelayMs, deduplication: { id: subscriptionId } };
  await queues.backfill.add('backfill', { subscriptionId }, options);
}
