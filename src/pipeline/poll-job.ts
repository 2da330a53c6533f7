import { DelayedError, type Job } from 'bullmq';
import { AzureError } from '../azure/connection/azure-error';
import { type AzureClock, maxClockOffsetMs } from '../azure/connection/clock';
import type { Log } from '../runtime/log';
import { span } from '../runtime/tracing';
import type { Deliveries } from '../store/deliveries';
import type { HealthStore } from '../store/health-store';
import { type PollDeps, poll } from './poll';
import type { PollJob } from './queues';

export interface PollJobDeps extends PollDeps {
  log: Log;
  deliveries: Deliveries;
  clock: Pick<AzureClock, 'offsetMs'>;
  health: HealthStore;
}

/** If a polling process dies, its lock expires after this long, ms. */
const pollLockMs = 10_000;

/** Polls one subscription and records its health. */
export async function pollJob(
  job: Job<PollJob>,
  token: string | undefined,
  deps: PollJobDeps,
): Promise<void> {
  const { subscriptionId } = job.data;
  if (await deps.polls.isThrottled(subscriptionId)) return;
  try {
    const ran = await deps.deliveries.withLock(`poll.${subscriptionId}`, pollLockMs, async () => {
      await span('poll', { 'runwatch.subscription.id': subscriptionId }, () => poll(subscriptionId, deps));
      return true;
    });
    if (!ran) return;
    deps.metrics.polls.inc({ result: 'ok' });
    await healthy(subscriptionId, deps);
  } catch (error) {
    if (error instanceof AzureError && error.statusCode === 429) {
      deps.metrics.polls.inc({ result: 'throttled' });
      const waitMs = Math.max(1000, error.retryAfterMs);
      deps.log.info({ subscriptionId, waitMs }, 'Azure throttles a subscription; waiting as requested');
      await deps.polls.throttle(subscriptionId, waitMs);
      await job.moveToDelayed(Date.now() + waitMs + 50, token);
      throw new DelayedError();
    }
    deps.metrics.polls.inc({ result: 'failed' });
    await unhealthy(subscriptionId, error, deps);
    throw error;
  }
}

async function healthy(
  subscriptionId: string,
  { polls, clock, health, log, now }: PollJobDeps,
): Promise<void> {
  const before = await polls.subscription(subscriptionId);
  if (!before) return;
  const { status: _, ...known } = before;
  await polls.putSubscription({ ...known, lastPollAt: new Date(now()).toISOString(), error: null });
  const offset = clock.offsetMs();
  await health.noteClock(offset, now());
  if (Math.abs(offset) > maxClockOffsetMs)
    log.warn({ offsetMs: offset }, "this host's clock is wrong; using Azure's time");
}

async function unhealthy(subscriptionId: string, error: unknown, deps: PollJobDeps): Promise<void> {
  const { polls, log } = deps;
  log.warn({ error, subscriptionId }, 'a poll failed; the next poll will read the same window again');
  const health = await polls.subscription(subscriptionId);
  if (!health) return;
  const { remedy = '', statusCode = 0 } = error instanceof AzureError ? error : {};
  const message = error instanceof Error ? error.message : String(error);
  await polls.putSubscription({
    ...health,
    error: `${message}${remedy ? `; ${remedy}` : ''}`.slice(0, 500),
    status: statusCode,
  });
}
