import { within } from '../runtime/within';
import type { Store } from '../store/store';

/** How much of the known subscriptions' history is filled, 0 to 1. */
export async function historyShare(store: Store, now: number): Promise<number> {
  const subscriptions = await store.polls.subscriptions();
  const from = await Promise.all(subscriptions.map(({ id }) => store.history.filledFrom(id)));
  const shares = from.map((at) => (at === null ? 0 : Math.min(1, (now - at) / (89 * 86_400_000))));
  return shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** Redis counts as not answering after this long, ms. */
const redisTimeoutMs = 2000;

/**
 * Reasons why this process cannot serve; empty when it is ready. Azure failures do not count, because
 * the console is needed most when Azure cannot be read.
 */
export async function unreadyReasons(ping: () => Promise<unknown>): Promise<string[]> {
  try {
    await within(redisTimeoutMs, ping(), () => new Error('no answer'));
    return [];
  } catch {
    return ['Redis does not answer'];
  }
}

/** Even an idle partition reports every 10 s, so this much silence means a failure, ms. */
const hubSilentMs = 90_000;

/** Reasons why the event hub or a partition is not being read, each in the form "what: reason". */
export async function hubTrouble(store: Store, hub: string, now: number): Promise<string[]> {
  const partitions = await store.hub.health(hub);
  if (partitions.length === 0) return ['the event hub: not read yet'];
  return partitions
    .filter(({ at, error }) => error !== null || now - Date.parse(at) > hubSilentMs)
    .map(
      ({ partitionId, at, error }) =>
        `the event hub${partitionId && `, partition ${partitionId}`}: ${error ?? `last read ${at}`}`,
    );
}
