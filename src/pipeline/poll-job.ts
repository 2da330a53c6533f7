import { DelayedError, type Job } from 'bullmq';
import { AzureError } from '../azure/errors';
import type { Log } from '../log';
import type { Deliveries } from '../store/deliveries';
import type { SubscriptionHealth } from '../store/poll-state';
import { type PollDeps, poll } from './poll';
import type { PollJob, Queues } from './queues';

export interface PollJobDeps extends PollDeps {
  log: Log;
  deliveries: Deliveries;
  allQueues: Queues;
  surfaces: readonly string[];
}

/** This long after a poll's process died, another may begin. */
const pollLockMs = 10_000;

/** One subscription's turn: polls, and keeps its health; a refusal is told once until it ends. */
export async function pollJob(
  job: Job<PollJob>,
  token: string | undefined,
  deps: PollJobDeps,
): Promise<void> {
  const { subscriptionId } = job.data;
  if (await deps.polls.isThrottled(subscriptionId)) return;
  try {
    const ran = await deps.deliveries.withLock(`poll.${subscriptionId}`, pollLockMs, async () => {
      await poll(subscriptionId, deps);
      return true;
    });
    if (!ran) return;
    deps.metrics.polls.inc({ result: 'ok' });
    await healthy(subscriptionId, deps);
  } catch (error) {
    if (error instanceof AzureError && error.statusCode === 429) {
      deps.metrics.polls.inc({ result: 'throttled' });
      const waitMs = Math.max(1000, error.retryAfterMs);
      deps.log.info({ subscriptionId, waitMs }, 'Azure throttles a subscription; waiting as it asks');
      await deps.polls.throttle(subscriptionId, waitMs);
      await job.moveToDelayed(Date.now() + waitMs + 50, token);
      throw new DelayedError();
    }
    deps.metrics.polls.inc({ result: 'failed' });
    await unhealthy(subscriptionId, error, deps);
    throw error;
  }
}

async function healthy(subscriptionId: string, { polls, deliveries, now }: PollJobDeps): Promise<void> {
  const health = await healthOf(subscriptionId, polls);
  if (health.refused) await deliveries.dropNotice(noticeId(subscriptionId));
  await polls.putSubscription({
    ...health,
    lastPollAt: new Date(now()).toISOString(),
    error: null,
    refused: false,
  });
}

async function unhealthy(subscriptionId: string, error: unknown, deps: PollJobDeps): Promise<void> {
  const { polls, deliveries, allQueues, surfaces, log } = deps;
  const health = await healthOf(subscriptionId, polls);
  const refused = error instanceof AzureError && error.statusCode === 403;
  const remedy = error instanceof AzureError ? error.remedy : '';
  const message = error instanceof Error ? error.message : String(error);
  await polls.putSubscription({
    ...health,
    error: `${message}${remedy ? `; ${remedy}` : ''}`.slice(0, 500),
    refused,
  });
  log.warn({ error, subscriptionId }, 'a poll failed; the next one reads the same window again');
  if (!refused) return;
  const id = noticeId(subscriptionId);
  const name = health.name ? `${health.name} (${subscriptionId})` : subscriptionId;
  await deliveries.addNotice(
    {
      id,
      text: `Runwatch may not read the activity log of subscription ${name}: ${remedy}. Commands run there are not seen until then; it keeps trying.`,
    },
    surfaces,
  );
  await allQueues.deliverAll(surfaces, [id]);
}

const healthOf = async (id: string, polls: PollJobDeps['polls']): Promise<SubscriptionHealth> =>
  (await polls.subscription(id)) ?? { id, name: '', lastPollAt: null, error: null, refused: false };

const noticeId = (subscriptionId: string) => `notice-refused-${subscriptionId}`;
