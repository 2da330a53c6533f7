import type { WebhookConfig } from '../../config/policy-file';
import { eventsOf } from '../../config/webhook-settings';
import type { Change } from '../../domain/change';
import type { WebhookEvent } from '../../domain/webhooks/webhook-event';
import type { Log } from '../../runtime/log';
import type { Store } from '../../store/store';
import type { Queues, WebhookJob } from '../queues';

export interface QueueWebhooksDeps {
  store: Pick<Store, 'feed' | 'webhooks'>;
  queues: Pick<Queues, 'webhooks'>;
  log: Log;
  now: () => number;
}

/** Fewer than the completed jobs that are kept, so that a change that is queued twice is sent once. */
const batchSize = 200;
const batchesAtOnce = 10;
/** More than this many messages do not wait in Redis for one destination; the feed keeps the rest. */
const maxWaiting = 10_000;

/**
 * Queues what changed for each webhook, in the order in which it was stored. Each reads the feed at its own pace, and a
 * new one from now on. After a crash, a change may be queued again under the same id, which queues it once.
 */
export async function queueWebhooks(
  webhooks: readonly WebhookConfig[],
  deps: QueueWebhooksDeps,
): Promise<void> {
  const results = await Promise.allSettled(webhooks.map((hook) => queueFor(hook, deps)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** The name under which a webhook reads the feed. */
export const readerOf = (name: string): string => `webhook ${name}`;

async function queueFor(hook: WebhookConfig, { store, queues, log, now }: QueueWebhooksDeps): Promise<void> {
  const { name, url } = hook;
  const reader = readerOf(name);
  const queue = queues.webhooks.get(name);
  let cursor = await store.feed.cursorOf(reader);
  if (cursor === null) {
    await store.feed.setCursor(reader, await store.feed.newest());
    return;
  }
  if (!queue || (await store.webhooks.stateOf(name, url)).goneAt !== null) return;
  for (let batch = 0; batch < batchesAtOnce; batch++) {
    if ((await queue.getJobCountByTypes('waiting', 'delayed', 'active')) >= maxWaiting) return;
    const { changes, next, lost } = await store.feed.after(cursor, batchSize);
    if (lost) {
      log.error({ webhook: name }, 'changes for a webhook have expired');
      await store.webhooks.lost(name, now());
    }
    const jobs = changes.flatMap((change) => jobOf(change, hook) ?? []);
    if (jobs.length > 0)
      await queue.addBulk(jobs.map((data) => ({ name: data.event, data, opts: { jobId: data.cursor } })));
    if (next === cursor) return;
    await store.feed.setCursor(reader, next);
    cursor = next;
  }
}

/** Null for changes that the webhook does not get. */
export function jobOf({ kind, cursor, id, at }: Change, hook: WebhookConfig): WebhookJob | null {
  return eventsOf(hook).includes(kind as WebhookEvent)
    ? { cursor, event: kind as WebhookEvent, id, at }
    : null;
}
