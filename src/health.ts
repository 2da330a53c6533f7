import type { Config } from './config';
import type { Store } from './store/store';

/** How much of the known subscriptions' history is filled, 0 to 1. */
export async function historyShare(store: Store, now: number): Promise<number> {
  const subscriptions = await store.polls.subscriptions();
  const from = await Promise.all(subscriptions.map(({ id }) => store.history.filledFrom(id)));
  const shares = from.map((at) => (at === null ? 0 : Math.min(1, (now - at) / (89 * 86_400_000))));
  return shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** Redis must answer, and the last poll of each subscription be fresh. */
export async function whatIsUnready(store: Store, config: Config, now: () => number): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), 2000);
  });
  try {
    const subscriptions = await Promise.race([store.polls.subscriptions(), silent]);
    if (subscriptions.length === 0) return ['no subscription is known yet'];
    const staleAfter = config.pollSeconds * 3000 + 30_000;
    const stale = subscriptions
      .filter((s) => s.error !== null || !s.lastPollAt || now() - Date.parse(s.lastPollAt) > staleAfter)
      .map(
        (s) =>
          `subscription ${s.name || s.id} (${s.id}): ${s.error ?? (s.lastPollAt ? `last polled ${s.lastPollAt}` : 'not polled yet')}`,
      );
    return [...stale, ...(config.eventHub ? await hubTrouble(store, config.eventHub.name, now()) : [])];
  } catch {
    return ['Redis does not answer'];
  } finally {
    clearTimeout(timer);
  }
}

/** A quiet partition is heard of every ten seconds. */
const hubSilentMs = 90_000;

async function hubTrouble(store: Store, hub: string, now: number): Promise<string[]> {
  const partitions = await store.hub.health(hub);
  if (partitions.length === 0) return ['the event hub: not read yet'];
  return partitions
    .filter(({ at, error }) => error !== null || now - Date.parse(at) > hubSilentMs)
    .map(
      ({ partitionId, at, error }) =>
        `the event hub${partitionId && `, partition ${partitionId}`}: ${error ?? `last read ${at}`}`,
    );
}
