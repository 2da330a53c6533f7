import type { AzureClock } from '../azure/connection/clock';
import { expiryIn } from '../azure/connection/credential';
import type { Config } from '../config/config';
import { sentinelPlace } from '../pipeline/copy-to-sentinel';
import type { Queues } from '../pipeline/queues';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import { within } from '../runtime/within';
import type { Store } from '../store/store';
import { readWebhooks } from './read-webhooks';

export interface GaugeDeps {
  config: Pick<Config, 'azure' | 'policy'>;
  store: Store;
  queues: Queues;
  metrics: Metrics;
  azureClock: Pick<AzureClock, 'offsetMs'>;
  log: Log;
  now: () => number;
}

/** Redis is reported as down after this long without an answer, ms. */
const redisTimeoutMs = 1000;

/**
 * Updates the gauges that come from Redis and are therefore the same in every process.
 * @param withNames whether to include gauges per subscription id, besides the totals
 */
export async function updateGauges(deps: GaugeDeps, withNames: boolean): Promise<void> {
  const { config, metrics, azureClock, log } = deps;
  metrics.clockOffset.set(azureClock.offsetMs() / 1000);
  const expiry = config.azure.accessToken ? expiryIn(config.azure.accessToken) : null;
  if (expiry) metrics.credentialExpiry.set(expiry / 1000);
  try {
    await within(redisTimeoutMs, readAll(deps, withNames), () => new Error('Redis does not answer'));
    metrics.redisUp.set(1);
  } catch (error) {
    metrics.redisUp.set(0);
    log.debug({ error }, 'reporting metrics without Redis');
  }
}

async function readAll(
  { config, store, queues, metrics, now }: GaugeDeps,
  withNames: boolean,
): Promise<void> {
  const [subscriptions, depths, ages, exceptions] = await Promise.all([
    store.polls.subscriptions(),
    queues.depths(),
    queues.oldestAges(now()),
    store.exceptions.list(),
  ]);
  for (const [queue, counts] of Object.entries(depths))
    for (const [state, count] of Object.entries(counts))
      metrics.queueDepth.set({ queue, state }, count as number);
  for (const [queue, seconds] of Object.entries(ages)) metrics.queueAge.set({ queue }, seconds);
  metrics.subscriptions.set(subscriptions.length);
  metrics.subscriptionsFailing.set(subscriptions.filter(({ error }) => error !== null).length);
  metrics.lastPoll.reset();
  metrics.pollError.reset();
  if (withNames)
    for (const { id, lastPollAt, error, status } of subscriptions) {
      if (lastPollAt) metrics.lastPoll.set({ subscription: id }, Date.parse(lastPollAt) / 1000);
      if (error) metrics.pollError.set({ subscription: id, status: String(status ?? 0) }, 1);
    }
  for (const surface of store.surfaces)
    metrics.undelivered.set({ surface }, await store.deliveries.countUndelivered(surface));
  metrics.exceptionsInForce.set(exceptions.filter(({ expires }) => Date.parse(expires) > now()).length);
  metrics.exceptionsUsed.set(await store.exceptions.usesOf(exceptions.map(({ id }) => id)));
  const counts = new Map<string, number>();
  for (const { kind } of await store.health.troubles()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  metrics.troubles.reset();
  for (const [kind, count] of counts) metrics.troubles.set({ kind }, count);
  const open = await store.alerts.openCounts();
  metrics.openAlerts.reset();
  for (const { severity, state, count } of open) metrics.openAlerts.set({ severity, state }, count);
  for (const { severity, step, count } of await store.alerts.pastTargets(config.policy.sla ?? {}, now()))
    metrics.pastTarget.set({ severity, step }, count);
  const measures = await store.measures.listOpen();
  metrics.drifted.set(
    measures.filter(({ kind, state }) => kind === 'isolation' && state === 'drifted').length,
  );
  for (const { name, failed, waitsSince } of await readWebhooks(config, store, queues)) {
    metrics.webhookFailed.set({ webhook: name }, failed);
    metrics.webhookAge.set(
      { webhook: name },
      waitsSince === null ? 0 : Math.max(0, now() - Date.parse(waitsSince)) / 1000,
    );
  }
  const { audit, sentinel } = config.policy;
  if (audit?.webhook) metrics.auditLag.set({ place: 'webhook' }, await store.audit.copyLag(audit.webhook));
  if (sentinel)
    metrics.auditLag.set({ place: 'sentinel' }, await store.audit.copyLag(sentinelPlace(sentinel)));
}
