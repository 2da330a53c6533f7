import type { Azure } from '../azure/azure';
import type { LogWindow } from '../azure/log/activity-log';
import type { Config } from '../config/config';
import { conditionsIn } from '../config/policy-file';
import { needManagementGroups } from '../domain/alerts/routing';
import { alertedOperations } from '../domain/techniques/detections';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import type { RunInBackground } from '../runtime/retry-until-done';
import type { Store } from '../store/store';
import { backfill } from './backfill';
import { discover } from './discover';
import { pollJob } from './poll-job';
import type { Queues } from './queues';
import { hubReader } from './read-hub';

export interface SourcesDeps {
  config: Config;
  azure: Azure;
  store: Store;
  queues: Queues;
  metrics: Metrics;
  log: Log;
  now: () => number;
  /** Delay before a new subscription's history is backfilled, ms. */
  backfillDelayMs: number;
  begin: RunInBackground;
}

const discoverEveryMs = 5 * 60_000;

/**
 * Starts all event sources: polls, the event hub, and the history backfill.
 * Resolves with a function that stops reading the hub.
 */
export async function readSources({
  config,
  azure,
  store,
  queues,
  metrics,
  log,
  now,
  backfillDelayMs,
  begin,
}: SourcesDeps): Promise<() => Promise<void>> {
  const deps = {
    readLog: azure.readLog,
    azureNow: azure.clock.now,
    polls: store.polls,
    timeline: store.timeline,
    queues,
    metrics,
    now,
    log,
    lookbackMs: config.lookbackMinutes * 60_000,
    detections: config.detections,
    deliveries: store.deliveries,
    clock: azure.clock,
    health: store.health,
  };
  queues.work('poll', (job, token) => pollJob(job, token, deps), { concurrency: 20 });
  const { eventHub } = config;
  const named = config.azure.subscriptionIds;
  const reading =
    eventHub &&
    (await azure.readEventHub(eventHub, hubReader({ ...deps, named, hub: store.hub, name: eventHub.name })));
  const { history } = store;
  const { workspaceId } = config;
  const workspace = workspaceId
    ? {
        since: (window: LogWindow) => azure.workspace.since(workspaceId, window),
        read: (window: LogWindow) =>
          azure.workspace.read(workspaceId, { ...window, operations: alertedOperations(config.detections) }),
      }
    : null;
  queues.work('backfill', (job, token) => backfill(job, token, { ...deps, history, workspace }), {
    concurrency: 2,
  });
  queues.work('discover', () =>
    discover({
      named,
      listSubscriptions: azure.subscriptions,
      listManagementGroups: needManagementGroups(conditionsIn(config.policy)) ? azure.managementGroups : null,
      polls: store.polls,
      health: store.health,
      queues,
      pollSeconds: config.pollSeconds,
      history,
      backfillDelayMs,
      now,
      log,
    }),
  );
  begin(() => queues.discover.add('discover', {}, { deduplication: { id: 'at start' } }));
  begin(() =>
    queues.discover.upsertJobScheduler('discover', { every: discoverEveryMs }, { name: 'discover' }),
  );
  return async () => reading?.stop();
}
