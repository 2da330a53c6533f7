import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { defaultKeepDays } from '../domain/alerts/alert';
import type { AuditSigner } from '../domain/audit/audit-chain';
import { createAlertsStore } from './alerts-store';
import { createApiPresses } from './api-presses';
import { createAuditLog } from './audit/audit-log';
import { createChangeFeed } from './change-feed';
import { createDeliveries } from './deliveries';
import { createChecksStore } from './events/checks-store';
import { createEventHubState } from './events/event-hub-state';
import { createHistory } from './events/history';
import { createPollState } from './events/poll-state';
import { createRunsStore } from './events/runs-store';
import { createSessionsStore } from './events/sessions-store';
import { createTimelineStore } from './events/timeline-store';
import { createExceptionsStore } from './exceptions-store';
import { createHealthStore } from './health-store';
import { keys } from './keys';
import { createMeasuresStore } from './measures-store';
import { createOwnRuns } from './own-runs';
import { createOwner } from './owner';
import { createAnswers } from './press-answers';
import { createPressResults, createRejectedPresses } from './press-results';
import { connect, type RedisAddress } from './redis/connect';
import { createReviews } from './reviews';
import { createSecretCheck } from './secret-check';
import { createSignIns } from './sign-ins';
import { createSurfaceState } from './surface-state';
import { createTickets } from './tickets';
import { createVersion } from './version';
import { createWatches } from './watches';
import { createWebhooksStore } from './webhooks-store';

/**
 * All stored data, over one Redis connection.
 * @param surfaces surfaces that messages are posted to
 * @param signer null without RUNWATCH_SECRET; audited changes can't be stored then
 * @param keepDays how long alerts are kept after their last change
 */
export function createStore(
  address: RedisAddress,
  surfaces: readonly string[],
  signer: AuditSigner | null = null,
  keepDays = defaultKeepDays,
) {
  const redis = connect(address);
  const keepSeconds = keepDays * 86_400;
  return {
    alerts: createAlertsStore(redis, surfaces, signer, keepSeconds),
    runs: createRunsStore(redis),
    sessions: createSessionsStore(redis),
    measures: createMeasuresStore(redis, surfaces, signer, keepSeconds),
    audit: createAuditLog(redis, signer),
    exceptions: createExceptionsStore(redis, signer),
    polls: createPollState(redis),
    hub: createEventHubState(redis),
    health: createHealthStore(redis),
    deliveries: createDeliveries(redis),
    feed: createChangeFeed(redis),
    webhooks: createWebhooksStore(redis),
    answers: createAnswers(redis),
    apiPresses: createApiPresses(redis),
    surfaceState: (surface: string) => createSurfaceState(redis, surface, keepSeconds),
    history: createHistory(redis),
    timeline: createTimelineStore(redis),
    checks: createChecksStore(redis),
    watches: createWatches(redis),
    tickets: createTickets(redis, keepSeconds),
    ownRuns: createOwnRuns(redis),
    reviews: createReviews(redis),
    version: createVersion(redis),
    rejectedPresses: createRejectedPresses(redis),
    pressResults: createPressResults(redis),
    secretMatches: createSecretCheck(redis),
    owner: createOwner(redis),
    signIns: createSignIns(redis),
    /** Failed console sign-ins by IP address: ten per minute across all processes. */
    signInFailures: new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: keys.signInFailures,
      points: 10,
      duration: 60,
      blockDuration: 60,
    }),
    /** Requests to the API in a minute, across all processes. Actions and searches count as requests too. */
    apiLimits: {
      address: limiter(redis, 'address', 1200),
      caller: limiter(redis, 'caller', 600),
      acts: limiter(redis, 'acts', 60),
      searches: limiter(redis, 'searches', 60),
      failures: limiter(redis, 'failures', 10),
    },
    surfaces,
    ping: () => redis.ping(),
    onError: (listener: (error: Error) => void) => redis.on('error', listener),
    /**
     * Calls `listener` with the id of each changed alert, and with "ended SESSION" at the end of a console
     * session. Resolves when active, with a function to stop.
     */
    watchChanges: (listener: (change: string) => void) => watch(address, listener),
    close: async () => {
      redis.disconnect();
    },
  };
}
export type Store = ReturnType<typeof createStore>;

const limiter = (redis: Redis, name: string, points: number) =>
  new RateLimiterRedis({ storeClient: redis, keyPrefix: keys.apiLimit(name), points, duration: 60 });

async function watch(address: RedisAddress, listener: (change: string) => void): Promise<() => void> {
  const subscriber = connect(address);
  subscriber.on('error', () => {});
  subscriber.on('message', (_channel, change) => listener(change));
  await subscriber.subscribe(keys.changes);
  return () => subscriber.disconnect();
}
