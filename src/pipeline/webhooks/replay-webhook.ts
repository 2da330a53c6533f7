import type { WebhookConfig } from '../../config/policy-file';
import type { Change } from '../../domain/change';
import { compareStreamIds } from '../../store/redis/stream-ids';
import type { Store } from '../../store/store';
import type { Queues } from '../queues';
import { retryFailed } from '../retry-failed';
import { jobOf, readerOf } from './queue-webhooks';

export interface ReplayDeps {
  store: Pick<Store, 'feed' | 'webhooks'>;
  queues: Pick<Queues, 'webhooks'>;
  now: () => number;
}

const batchSize = 500;
const maxReplayed = 10_000;

/** Queues what was given up again, and what waits for its next attempt now. Enables a destination that was gone. */
export async function replayFailed({ name }: WebhookConfig, deps: ReplayDeps): Promise<number> {
  const queue = deps.queues.webhooks.get(name);
  await deps.store.webhooks.enable(name);
  if (!queue) return 0;
  const waiting = await queue.getDelayedCount();
  await queue.promoteJobs({ count: batchSize });
  return waiting + (await retryFailed(queue));
}

/**
 * Queues again what changed since a time (ms), with the same webhook-id as before.
 * @returns how many, and whether there are more than fit or older ones that are no longer kept
 */
export async function replaySince(
  hook: WebhookConfig,
  since: number,
  { store, queues, now }: ReplayDeps,
): Promise<{ count: number; complete: boolean }> {
  const queue = queues.webhooks.get(hook.name);
  await store.webhooks.enable(hook.name);
  const end = await store.feed.cursorOf(readerOf(hook.name));
  if (!queue || end === null) return { count: 0, complete: true };
  const replay = now().toString(36);
  // What is newer is queued by itself.
  const isQueued = ({ cursor: at }: Change) => compareStreamIds(at, end) <= 0;
  let cursor = `${Math.max(0, Math.floor(since) - 1)}-18446744073709551615`;
  let count = 0;
  let complete = true;
  while (count < maxReplayed) {
    const { changes, next, lost } = await store.feed.after(cursor, batchSize);
    if (lost) complete = false;
    const jobs = changes.filter(isQueued).flatMap((change) => jobOf(change, hook) ?? []);
    await queue.addBulk(
      jobs.map((data) => ({ name: data.event, data, opts: { jobId: `${data.cursor}.${replay}` } })),
    );
    count += jobs.length;
    if (next === cursor || !changes.every(isQueued)) return { count, complete };
    cursor = next;
  }
  return { count, complete: false };
}
