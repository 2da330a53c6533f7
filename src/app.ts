import type { WebClient } from '@slack/web-api';
import { actionDeps } from './action-deps';
import { postAllReviews } from './actions/access/review-access';
import { migrateMeasures } from './actions/measures/migrate-measures';
import { type Azure, createAzure } from './azure/azure';
import { appCredential } from './azure/connection/credential';
import { createAuth } from './chat/console/auth';
import { type ConsoleDeps, createConsole } from './chat/console/console';
import { createPeopleIn, createSlackApp, createSlackClient, type SlackApp } from './chat/slack/slack-app';
import type { SlackPeople } from './chat/slack/slack-people';
import { createSlackSurface } from './chat/slack/slack-surface';
import { joinWorkspaces } from './chat/slack/workspaces';
import type { Surface } from './chat/surface';
import { teamsClouds } from './chat/teams/authenticate';
import { createTeamsSearch, type TeamsSearch } from './chat/teams/search';
import { type Config, ConfigError, type Role, type SlackConfig, type TeamsConfig } from './config/config';
import { backtest, backtestDays, backtestText } from './domain/exceptions/backtest';
import type { Exception } from './domain/exceptions/exception';
import { matchFactsOf } from './domain/exceptions/match-facts';
import { matchWords } from './domain/exceptions/match-words';
import { addCustomTechniques } from './domain/techniques/custom-technique';
import { hideSecrets } from './domain/text/redactor';
import { updateGauges } from './health/gauges';
import { historyShare, unreadyReasons } from './health/readiness';
import { troublesOf } from './health/troubles';
import { readHealth, watchHealth } from './health/watch-health';
import { archiveAudit } from './pipeline/archive-audit';
import { copyAudit } from './pipeline/copy-audit';
import { deliver } from './pipeline/deliver';
import { complete, ingest } from './pipeline/ingest';
import { createQueues } from './pipeline/queues';
import { remind } from './pipeline/remind';
import { readSources } from './pipeline/sources';
import { sweep } from './pipeline/sweep';
import { watchMeasures } from './pipeline/watch-measures';
import { expireApprovals } from './presses/approvals';
import { cannotRead } from './presses/authorize';
import { checkActionIds } from './presses/check-policy';
import { createPeople, type People } from './presses/identify';
import { perform } from './presses/perform';
import { createPress, secretMismatch } from './presses/press';
import { createKeyring, type Secrets } from './runtime/keyring';
import { limitConcurrency } from './runtime/limit-concurrency';
import type { Log } from './runtime/log';
import { createMetrics, type Metrics } from './runtime/metrics';
import { rateLimitedWarn } from './runtime/rate-limited-warn';
import { type RunInBackground, retryUntilDone } from './runtime/retry-until-done';
import { within } from './runtime/within';
import { type Pages, type RunningServer, startServer } from './server';
import type { RedisAddress } from './store/redis/connect';
import { startEmbeddedRedis } from './store/redis/embedded-redis';
import { whyNoRedis } from './store/redis/probe-redis';
import { readSecretFile } from './store/redis/secret-file';
import { createStore } from './store/store';
import { activity } from './views/activity-hours';
import { answerCommand } from './views/chat-commands';
import { askForReviews, digest, report } from './views/digest';
import { homeFor } from './views/home';

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
  /** Panel that the console shows above the alerts. Used by the demo. */
  panel?: ConsoleDeps['panel'];
}

export interface App {
  /** URL of the console; null in a process without the role serve. */
  url: string | null;
  /** URL at which this process serves /healthz, /readyz and /metrics. */
  healthUrl: string;
  /** Resolves once the history of every known subscription is filled. Reports progress from 0 to 1. */
  historyFilled: (onShare?: (share: number) => void) => Promise<void>;
  stop: () => Promise<void>;
}

const sweepEveryMs = 10_000;
/** Daily at 08:00, in the time zone of the working hours. */
const digestAt = '0 8 * * *';
/** On the first of each month at 09:00. */
const reportAt = '0 9 1 * *';
const copyAuditEveryMs = 2000;
const watchMeasuresEveryMs = 60_000;
const watchHealthEveryMs = 10_000;
/** Startup waits this long for Redis, ms. After that it continues in the background. */
const startTimeoutMs = 1500;
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
  { config, roles, log, azure: makeAzure, now = Date.now, backfillDelayMs = 30_000, panel }: AppOptions,
  secrets: Secrets,
  address: RedisAddress,
  stopRedis: () => Promise<void>,
): Promise<App> {
  const has = (role: Role) => roles.includes(role);
  const metrics = createMetrics();
  const slackClient = config.slack ? createSlackClient(config.slack, log) : null;
  const slackPeople = slackClient && config.slack ? createPeopleIn(slackClient, config.slack, log) : null;
  const surfaces: Surface[] =
    slackClient && config.slack && slackPeople
      ? [slackSurface(slackClient, config.slack, slackPeople, log)]
      : [];
  const names = [...surfaces.map((surface) => surface.name), ...(config.teams ? ['teams'] : [])];
  const keyring = createKeyring(secrets);
  const store = createStore(address, names, keyring.auditSigner());
  const warn = rateLimitedWarn(log);
  store.onError((error) => warn(error, 'Redis does not answer; waiting for it'));
  const queues = createQueues(address, log);
  const azure =
    makeAzure?.(metrics) ??
    createAzure(config, {
      now,
      onCall: metrics.calledAzure,
    });
  const press = createPress({
    queues,
    now,
    keyring,
    getAlert: store.alerts.get,
    secretMatches: () => store.secretMatches(keyring),
  });
  const show = (...alertIds: readonly string[]) => queues.deliverAll(store.surfaces, alertIds);
  const getView = async (id: string) => {
    const alert = await store.alerts.get(id);
    return alert && store.measures.viewOf(alert);
  };
  const teams = config.teams
    ? (await import('./chat/teams/teams-app')).createTeams({
        config: config.teams,
        routed: (config.policy.routes ?? []).flatMap(({ teams }) => teams ?? []),
        log,
        memory: store.teams,
        press,
        answerTo: store.answers.get,
        command: (text) => answerCommand(text, { azure, store, now }),
        mayRead: (presser) => people.mayRead(presser),
        mayChoosePlaces: (presser) => people.hasFullRights(presser),
        chose: async (by, place, on) => {
          const at = new Date(now()).toISOString();
          const action = on ? 'alerts here' : 'alerts stop';
          await store.audit.append([
            { at, by, action, alertId: null, object: place, result: 'done', why: null },
          ]);
          const text = `${by.name} ${on ? 'chose a Teams conversation for alerts' : 'stopped alerts in a Teams conversation'}.`;
          const notice = { id: `notice-places-${at}`, text };
          await store.deliveries.addNotice(notice, store.surfaces);
          await queues.deliverAll(store.surfaces, [notice.id]);
        },
        cannotRead,
        getView,
        rules: config.responders,
        search: config.teams.local ? null : teamsSearch(config.teams),
        now,
      })
    : null;
  if (teams) surfaces.push(teams.surface);
  const people: People = createPeople({ config, azure, slackPeople, teams, log });
  const responders = config.responders.length > 0;
  const stops: (() => Promise<void>)[] = [];
  const stopped = new AbortController();
  const startTasks: Promise<unknown>[] = [];
  const begin: RunInBackground = (work) => void startTasks.push(retryUntilDone(log, stopped.signal, work));
  const runBacktest = async (exception: Pick<Exception, 'match' | 'silenceCritical'>) => {
    const recent = await store.alerts.list({ limit: 5000, after: now() - backtestDays * 86_400_000 });
    return `It matches ${matchWords(exception.match)}. ${backtestText(backtest(exception, recent, matchFactsOf))}`;
  };
  let pages: Pages | null = null;
  let startSlack = async () => {};
  if (has('serve')) {
    const slack: SlackApp | null = config.slack
      ? createSlackApp({
          config: config.slack,
          log,
          now,
          responders,
          getView,
          openAlerts: async () =>
            (await store.alerts.list({ limit: 500 })).filter((a) => a.announced && a.state !== 'closed'),
          backtest: runBacktest,
          home: (presser) => homeFor(presser, store, now()),
          command: (text) => answerCommand(text, { azure, store, now }),
          press,
          peopleIn: slackPeople as NonNullable<typeof slackPeople>,
          mayRead: people.mayRead,
          cannotRead,
        })
      : null;
    const consoleRouter = createConsole({
      keyring,
      responders,
      now,
      listAlerts: (limit) => store.alerts.list({ limit }),
      viewsOf: store.measures.viewsOf,
      getView,
      backtest: runBacktest,
      listExceptions: async () =>
        Promise.all(
          (await store.exceptions.list()).map(async (exception) => ({
            exception,
            uses: await store.exceptions.uses(exception.id),
          })),
        ),
      activity: () => activity(store.history, config.policy.workingHours?.zone ?? 'UTC', now()),
      panel,
      listAudit: () => store.audit.read({ limit: 200, newestFirst: true }),
      health: async () => ({
        troubles: troublesOf(await readHealth({ config, store, queues, now })).map(({ says }) => says),
        subscriptions: await Promise.all(
          (await store.polls.subscriptions()).map(async (subscription) => {
            const from = await store.history.filledFrom(subscription.id);
            return { ...subscription, historyDays: from ? Math.floor((now() - from) / 86_400_000) : 0 };
          }),
        ),
        queues: await queues.depths(),
      }),
      press,
      answerTo: store.answers.get,
      watch: store.watchChanges,
    });
    const auth = createAuth({
      host: config.host,
      behindProxy: isProxied(config),
      consoleToken: config.consoleToken,
      keyring,
      failures: store.signInFailures,
      log,
      now,
    });
    pages = {
      auth,
      console: consoleRouter,
      queues,
      webhooks: [slack?.router, teams?.router].filter((router) => router != null),
    };
    if (slack) {
      stops.push(() => slack.stop());
      startSlack = () => slack.start();
    }
  }
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
  await startSlack();
  if (has('enrich')) {
    const { policy, points } = config;
    const judging = {
      points,
      workingHours: policy.workingHours,
      watchlist: policy.watchlist,
      environments: policy.environments,
    };
    const deps = { azure, store, queues, metrics, log, judging, policy, now };
    queues.work('events', (job) => ingest(job.data, deps), { concurrency: 2 });
    queues.work('complete', (job) => complete(job.data, deps), { concurrency: 4 });
  }
  if (has('deliver')) {
    const routes = config.policy.routes ?? [];
    const limitPosts = limitConcurrency(50);
    const limitBatches = limitConcurrency(2);
    const deps = { store, surfaces, queues, metrics, log, responders, routes, now, limitPosts, limitBatches };
    queues.work('deliver', (job, token) => deliver(job, token, deps), { concurrency: 50 });
    const { policy } = config;
    queues.work('sweep', async () => {
      await sweep({ store, queues, now });
      await remind({ store, queues, policy, press, now });
      await askForReviews({ store, queues, now });
    });
    queues.work('health', async () => {
      await store.deliveries.withLock('watch-health', 10_000, () =>
        watchHealth({ config, store, queues, log, now }),
      );
    });
    begin(() => queues.health.upsertJobScheduler('watch', { every: watchHealthEveryMs }, { name: 'watch' }));
    queues.work('digest', ({ name }) => (name === 'report' ? report : digest)({ store, queues, now }));
    const tz = policy.workingHours?.zone ?? 'UTC';
    begin(() => queues.digest.upsertJobScheduler('daily', { pattern: digestAt, tz }, { name: 'digest' }));
    begin(() => queues.digest.upsertJobScheduler('monthly', { pattern: reportAt, tz }, { name: 'report' }));
    begin(() => queues.sweep.upsertJobScheduler('sweep', { every: sweepEveryMs }, { name: 'sweep' }));
    const { audit } = policy;
    if (audit) {
      queues.work('copyAudit', async () => {
        await store.deliveries.withLock('copy-audit', 10_000, async () => {
          await copyAudit(audit, { store, now });
          await archiveAudit(audit, { store, now });
        });
      });
      begin(() => queues.copyAudit.upsertJobScheduler('copy', { every: copyAuditEveryMs }, { name: 'copy' }));
    }
  }
  if (has('respond')) {
    const deps = actionDeps({
      config,
      store,
      azure,
      queues,
      surfaces,
      people,
      keyring,
      press,
      show,
      metrics,
      log,
      now,
    });
    queues.work('watchMeasures', async () => {
      await watchMeasures(deps);
      await expireApprovals(deps);
    });
    begin(() =>
      queues.watchMeasures.upsertJobScheduler('watch', { every: watchMeasuresEveryMs }, { name: 'watch' }),
    );
    queues.work('reviewAccess', () => postAllReviews(deps, now));
    if (config.policy.accessReview === 'monthly') {
      const tz = config.policy.workingHours?.zone ?? 'UTC';
      begin(() =>
        queues.reviewAccess.upsertJobScheduler('monthly', { pattern: reportAt, tz }, { name: 'review' }),
      );
    }
    stops.push(
      startOnceSecretMatches(
        () => store.secretMatches(keyring),
        log,
        () =>
          begin(async () => {
            await migrateMeasures(deps);
            await store.audit.noteKey(keyring.auditPublicKeys(), now());
            queues.work('respond', (job) => perform(job.data, job.attemptsMade + 1, deps), {
              concurrency: 20,
            });
          }),
      ),
    );
  }
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

/** True if requests come from other machines. When we listen on loopback, a local proxy forwards them. */
function isProxied({ publicUrl, trustedProxies, teams }: Config): boolean {
  const elsewhere =
    publicUrl !== null && !/^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/.test(publicUrl);
  return elsewhere || trustedProxies.length > 0 || (teams !== null && !teams.local);
}

const secretCheckEveryMs = 30_000;

/** Starts once the secret matches. Until then it logs an error. Returns a function that stops the check. */
function startOnceSecretMatches(
  fits: () => Promise<boolean>,
  log: Log,
  begin: () => void,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const check = async () => {
    const fit = await fits().catch(() => null);
    if (stopped) return;
    if (fit) return begin();
    if (fit === false) log.error(secretMismatch);
    timer = setTimeout(check, fit === null ? 1000 : secretCheckEveryMs);
  };
  void check();
  return async () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function teamsSearch(teams: TeamsConfig): TeamsSearch {
  const { authority, graph: endpoint } = teamsClouds[teams.cloud];
  const credential = appCredential({ ...teams, authority });
  const token = async () => (await credential.getToken(`${endpoint}/.default`))?.token ?? '';
  return createTeamsSearch({ endpoint, token, appId: teams.appId });
}

function slackSurface(
  client: WebClient,
  config: SlackConfig,
  peopleIn: (team: string | undefined) => SlackPeople,
  log: Log,
): Surface {
  const others = Object.entries(config.workspaces).map(
    ([team, botToken]) =>
      [
        team,
        createSlackSurface(createSlackClient({ ...config, botToken }, log), config, peopleIn(team)),
      ] as const,
  );
  const first = createSlackSurface(client, config, peopleIn(undefined));
  return others.length > 0 ? joinWorkspaces(first, new Map(others)) : first;
}
