import { within } from '../runtime/within';
import type { Store } from '../store/store';

/** How much of the known subscriptions' history is filled, 0 to 1. */
export async function historyShare(store: Store, now: number): Promise<number> {
  const subscriptions = await store.polls.subscriptions();
  const from = await Promise.all(subscriptions.map(({ id }) => store.history.filledFrom(id)));
  const shares = from.map((at) => (at === null ? 0 : Math.min(1, (now - at) / (89 * 86_400_000))));
  return shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** A Redis that takes longer is said not to answer, ms. */
const redisHasMs = 2000;

/**
 * What serving needs and lacks; empty when we are ready. That Azure can't be read is no reason: then the console is needed
 * most.
 */
export async function whatIsUnready(ping: () => Promise<unknown>): Promise<string[]> {
  try {
    await within(redisHasMs, ping(), () => new Error('no answer'));
    return [];
  } catch {
    return ['Redis does not answer'];
  }
}

/** A quiet partition is heard of every ten seconds. */
const hubSilentMs = 90_000;

/** Why the event hub, or some of its partitions, is not read; each begins with what and a colon. */
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
