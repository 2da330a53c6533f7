import { configureActions } from './actions/registry';
import type { AppCore } from './app/app-core';
import { checkOwner, untilCertain } from './app/check-owner';
import { connectSurfaces } from './app/connect-surfaces';
import { runDeliverJobs, runEnrichJobs, runRespondJobs } from './app/run-jobs';
import { servePages } from './app/serve-pages';
import { type Azure, createAzure } from './azure/azure';
import type { Demo } from './chat/console/demo-parts';
import { createClaimedGroups } from './chat/console/sign-in/claimed-groups';
import type { ConnectedSurface } from './chat/surfaces';
import { type Config, ConfigError, type Role } from './config/config';
import { applyLocale } from './config/locale';
import { addCustomTechniques } from './domain/techniques/custom-technique';
import { hideSecrets } from './domain/text/redactor';
import { updateGauges } from './health/gauges';
import { historyShare, unreadyReasons } from './health/readiness';
import { createQueues } from './pipeline/queues';
import { readSources } from './pipeline/sources';
import { checkActionIds } from './presses/check-policy';
import { createPeople, type People } from './presses/identify';
import { createPress } from './presses/press';
import { createKeyring, type Secrets } from './runtime/keyring';
import type { Log } from './runtime/log';
import { createMetrics, type Metrics } from './runtime/metrics';
import { rateLimitedWarn } from './runtime/rate-limited-warn';
import { type RunInBackground, retryUntilDone } from './runtime/retry-until-done';
import { within } from './runtime/within';
import { type RunningServer, startServer } from './server';
import type { RedisAddress } from './store/redis/connect';
import { startEmbeddedRedis } from './store/redis/embedded-redis';
import { whyNoRedis } from './store/redis/probe-redis';
import { readSecretFile } from './store/redis/secret-file';
import { createStore } from './store/store';

export interface AppOptions {
  config: Config;
  roles: readonly Role[];
  log: Log;
  /** Default: the real Azure client, built from the configuration. */
  azure?: (metrics: Metrics) => Azure;
  /** Default: Date.now. */
  now?: () => number;
  /** Delay before a new subscription's history is backfilled, so that polls run first, ms. Default: 30 s. */
  backfillDelayMs?: number;
  /** What the demo adds to the console. */
  demo?: Demo | undefined;
}

export interface App {
  /** URL of the console; null in a process without the role serve. */
  url: string | null;
  /** URL at which this process serves /healthz, /readyz and /metrics. */
  healthUrl: string;
  /** Resolves once the history of every known subscription is filled. Reports progress from 0 to 1. */
  historyFilled: (onShare?: (share: number) => void) => Promise<void>;
  /** Resolves if the app may not go on, since its Redis turned out to be another bot's. */
  refused: Promise<void>;
  stop: () => Promise<void>;
}

/** Startup waits this long for Redis, ms. After that it continues in the background. */
const startTimeoutMs = 1500;
/** Startup waits this long to learn whether the Redis is another bot's, ms. The check then goes on. */
const ownerTimeoutMs = 2500;
/** How long the Redis probe waits for an answer, ms. After that, connecting continues in the background. */
const probeTimeoutMs = 1000;
/** How long jobs in progress may take to finish on shutdown, ms. The next process reruns the rest. */
const stopTimeoutMs = 6000;
/** How long the embedded Redis may take to save its data on shutdown, ms. */
const redisStopTimeoutMs = 2000;

/** Assembles and starts the app from a Config and the roles to run. */
export async function startApp(options: AppOptions): Promise<App> {
  const { redisUrl, dataDir, secrets, hidden } = options.config;
  hideSecrets(hidden);
  checkActionIds(options.config);
  applyLocale(options.config.policy.locale);
  configureActions(options.config.policy);
  addCustomTechniques(options.config.policy.techniques);
  if (redisUrl) {
    if (!secrets) throw new ConfigError(['RUNWATCH_SECRET: unset, expected a value, since REDIS_URL is set']);
    const why = await whyNoRedis({ url: redisUrl }, probeTimeoutMs);
    // ioredis would silently continue in database 0, which may belong to another application.
    if (why?.includes('no such database')) throw new ConfigError([`REDIS_URL: ${why}`]);
    if (why) options.log.error(why);
    return assemble(options, secrets, { url: redisUrl }, async () => {});
  }
  const own = secrets ?? { current: readSecretFile(dataDir), previous: null };
  hideSecrets([own.current]);
  const embedded = await startEmbeddedRedis(dataDir);
  try {
    return await assemble(options, own, embedded.address, embedded.stop);
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

async function assemble(
  { config, roles, log, azure: makeAzure, now = Date.now, backfillDelayMs = 30_000, demo }: AppOptions,
  secrets: Secrets,
  address: RedisAddress,
  stopRedis: () => Promise<void>,
): Promise<App> {
  const has = (role: Role) => roles.includes(role);
  const metrics = createMetrics();
  const keyring = createKeyring(secrets);
  const store = createStore(address, Object.keys(config.surfaces), keyring.auditSigner(), config.keepDays);
  const warn = rateLimitedWarn(log);
  store.onError((error) => warn(error, 'Redis does not answer; waiting for it'));
  store.alerts.onStored(metrics.changedAlert);
  const webhookNames = (config.policy.webhooks ?? []).map(({ name }) => name);
  const queues = createQueues(address, log, webhookNames);
  const azure =
    makeAzure?.(metrics) ??
    createAzure(config, {
      now,
      onCall: metrics.calledAzure,
    });
  const owning = { store, tenantId: azure.tenantId };
  const firstCheck = checkOwner(owning);
  firstCheck.catch(() => {});
  const late = () => new Error('late');
  const isUp = await within(startTimeoutMs, store.ping(), late).catch(() => null);
  const owner = isUp === null ? null : await within(ownerTimeoutMs, firstCheck, late).catch(() => null);
  if (owner?.why) {
    await Promise.all([queues.close(), store.close()]);
    throw new ConfigError([owner.why]);
  }
  const press = createPress({
    queues,
    now,
    keyring,
    getAlert: store.alerts.get,
    secretMatches: () => store.secretMatches(keyring),
  });
  const getView = async (id: string) => {
    const alert = await store.alerts.get(id);
    return alert && store.measures.viewOf(alert);
  };
  const stops: (() => Promise<void>)[] = [];
  const stopped = new AbortController();
  const startTasks: Promise<unknown>[] = [];
  const begin: RunInBackground = (work) => void startTasks.push(retryUntilDone(log, stopped.signal, work));
  const shared = { config, has, log, now, metrics, keyring, store, queues, azure, press, getView, begin };
  const connected: ConnectedSurface[] = [];
  const people: People = createPeople({
    config,
    azure,
    surfaces: connected,
    claimedGroups: createClaimedGroups(store.signIns, keyring, now).of,
    log,
    now,
  });
  connected.push(...(await connectSurfaces(shared, () => people)));
  const core: AppCore = { ...shared, surfaces: connected, people };
  const serving = has('serve') ? await servePages(core, demo) : null;
  const pages = serving?.pages ?? null;
  for (const { stop } of serving?.served ?? []) stops.push(stop);
  const server: RunningServer = await startServer({
    config,
    ...addressOf(config, pages !== null),
    metrics,
    updateGauges: (withNames) =>
      updateGauges({ config, store, queues, metrics, azureClock: azure.clock, log, now }, withNames),
    unready: () => unreadyReasons(store.ping),
    pages,
  });
  if (!pages) log.info({ url: server.url }, 'serving health and metrics');
  for (const { start } of serving?.served ?? []) await start();
  if (has('enrich')) runEnrichJobs(core);
  if (has('deliver')) runDeliverJobs(core);
  if (has('respond')) stops.push(runRespondJobs(core));
  if (has('poll'))
    stops.push(
      await readSources({ config, azure, store, queues, metrics, log, now, backfillDelayMs, begin }),
    );
  let stopping: Promise<void> | null = null;
  async function stopAll(): Promise<void> {
    stopped.abort();
    const inProgress = Promise.all([...stops.map((stop) => stop()), queues.close()]);
    const ended = await finishesWithin(stopTimeoutMs, inProgress, log);
    if (!ended) queues.abandon();
    await server.stop();
    await store.close();
    await finishesWithin(redisStopTimeoutMs, stopRedis(), log);
    log.info(
      ended
        ? 'Runwatch has stopped; jobs in progress have finished or are back in the queue'
        : 'Runwatch has stopped; the next process will rerun the jobs in progress',
    );
  }
  const refused = new Promise<void>((stop) => {
    void untilCertain(firstCheck, owning, stopped.signal).then((why) => {
      if (why === null) return;
      log.error(why);
      stop();
    });
  });
  if (!(await finishesWithin(startTimeoutMs, Promise.all(startTasks), log)))
    log.error(
      'Redis does not accept the startup writes yet; startup continues once it does, and no command is seen until then',
    );
  log.info({ roles, url: server.url, surfaces: store.surfaces }, 'Runwatch is running');
  return {
    url: pages ? server.url : null,
    healthUrl: server.url,
    historyFilled: async (onShare = () => {}) => {
      for (let share = 0; share < 1; ) {
        share = await historyShare(store, now());
        onShare(share);
        if (share < 1) await new Promise((done) => setTimeout(done, 100));
      }
    },
    refused,
    stop: () => (stopping ??= stopAll()),
  };
}

/** RUNWATCH_PORT when serving pages; otherwise RUNWATCH_METRICS_PORT, or a free loopback port. */
function addressOf({ host, port, metricsPort }: Config, withPages: boolean): { host: string; port: number } {
  if (withPages) return { host, port };
  return metricsPort === null ? { host: '127.0.0.1', port: 0 } : { host, port: metricsPort };
}

/** False if the work fails or takes longer. */
async function finishesWithin(ms: number, work: Promise<unknown>, log: Log): Promise<boolean> {
  try {
    await within(ms, work, () => new Error(`not finished after ${ms / 1000} s`));
    return true;
  } catch (error) {
    log.warn({ error }, 'a component did not finish in time');
    return false;
  }
}
