import type { WebClient } from '@slack/web-api';
import { actionDeps } from './action-deps';
import { reviewAll } from './actions/access/review-access';
import { migrateMeasures } from './actions/migrate-measures';
import { type Azure, createAzure } from './azure/azure';
import { appCredential } from './azure/connection/credential';
import { type ConsoleDeps, createConsole } from './chat/console/console';
import { createDoor } from './chat/console/door';
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
import { useOwnTechniques } from './domain/techniques/own-technique';
import { hideSecrets } from './domain/text/redactor';
import { measure } from './health/gauges';
import { historyShare, whatIsUnready } from './health/readiness';
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
import { refuseUnknownActions } from './presses/check-policy';
import { createPeople, type People } from './presses/identify';
import { perform } from './presses/perform';
import { createPress, secretDoesNotFit } from './presses/press';
import { atMost } from './runtime/at-most';
import { createKeyring, type Secrets } from './runtime/keyring';
import type { Log } from './runtime/log';
import { createMetrics, type Metrics } from './runtime/metrics';
import { onceASecond } from './runtime/once-a-second';
import { type Begin, retryUntilDone } from './runtime/retry-until-done';
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
  /** Default: the real one, by the configuration. */
  azure?: (metrics: Metrics) => Azure;
  /** Default: Date.now. */
  now?: () => number;
  /** How long a new subscription's history waits for its first polls, ms. Default: 30 seconds. */
  backfillDelayMs?: number;
  /** What the console shows above its alerts; the demo's panel. */
  panel?: ConsoleDeps['panel'];
}

export interface App {
  /** Where the console is; null when this process does not serve. */
  url: string | null;
  /** Where this process answers /healthz, /readyz and /metrics. */
  healthUrl: string;
  /** Resolves once every known subscription's history is filled; told how much of it is, 0 to 1, meanwhile. */
  historyFilled: (onShare?: (share: number) => void) => Promise<void>;
  stop: () => Promise<void>;
}

const sweepEveryMs = 10_000;
/** Every morning at eight, in the zone of the working hours. */
const digestAt = '0 8 * * *';
/** On the first of each month, an hour later. */
const reportAt = '0 9 1 * *';
const copyAuditEveryMs = 2000;
const watchMeasuresEveryMs = 60_000;
const watchHealthEveryMs = 10_000;
/** A start waits this long for Redis, ms; then it goes on in the background. */
const startHasMs = 1500;
/** A Redis that is silent for this long is waited for in the background, ms. */
const probeHasMs = 1000;
/** What is in hand may take this long to end, ms; what then still runs is done again by the next process. */
const stopHasMs = 6000;
/** The embedded Redis may take this long to write its last, ms. */
const redisHasMs = 2000;

/** Puts the runtime together from a Config and the roles to run, and starts it. */
export async function startApp(options: AppOptions): Promise<App> {
  const { redisUrl, dataDir, secrets, hidden } = options.config;
  hideSecrets(hidden);
  refuseUnknownActions(options.config);
  useOwnTechniques(options.config.policy.techniques);
  if (redisUrl) {
    if (!secrets) throw new ConfigError(['RUNWATCH_SECRET: unset, expected a value, since REDIS_URL is set']);
    const why = await whyNoRedis({ url: redisUrl }, probeHasMs);
    // A connection would go on in database 0, which is somebody else's.
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
  const warn = onceASecond(log);
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
    secretFits: () => store.secretFits(keyring),
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
        mayChoosePlaces: (presser) => people.mayEverything(presser),
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
  const begun: Promise<unknown>[] = [];
  const begin: Begin = (work) => void begun.push(retryUntilDone(log, stopped.signal, work));
  const tested = async (exception: Pick<Exception, 'match' | 'silenceCritical'>) => {
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
          backtest: tested,
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
      backtest: tested,
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
    const door = createDoor({
      host: config.host,
      behindProxy: isBehindProxy(config),
      consoleToken: config.consoleToken,
      keyring,
      failures: store.signInFailures,
      log,
      now,
    });
    pages = {
      door,
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
    measure: (withNames) =>
      measure({ config, store, queues, metrics, azureClock: azure.clock, log, now }, withNames),
    unready: () => whatIsUnready(store.ping),
    pages,
  });
  if (!pages) log.info({ url: server.url }, 'health and metrics are answered here');
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
    const inTurn = atMost(50);
    const fewFloods = atMost(2);
    const deps = { store, surfaces, queues, metrics, log, responders, routes, now, inTurn, fewFloods };
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
    queues.work('reviewAccess', () => reviewAll(deps, now));
    if (config.policy.accessReview === 'monthly') {
      const tz = config.policy.workingHours?.zone ?? 'UTC';
      begin(() =>
        queues.reviewAccess.upsertJobScheduler('monthly', { pattern: reportAt, tz }, { name: 'review' }),
      );
    }
    stops.push(
      onceItFits(
        () => store.secretFits(keyring),
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
    const inHand = Promise.all([...stops.map((stop) => stop()), queues.close()]);
    const ended = await endsWithin(stopHasMs, inHand, log);
    if (!ended) queues.abandon();
    await server.stop();
    await store.close();
    await endsWithin(redisHasMs, stopRedis(), log);
    log.info(
      ended
        ? 'Runwatch has stopped; what was in hand is finished or back in its queue'
        : 'Runwatch has stopped; what was in hand is done again by the next process',
    );
  }
  if (!(await endsWithin(startHasMs, Promise.all(begun), log)))
    log.error(
      'Redis does not take yet what a start needs; Runwatch goes on once it does, and sees no command until then',
    );
  log.info({ roles, url: server.url, surfaces: store.surfaces }, 'Runwatch runs');
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

/** With pages where RUNWATCH_PORT says; else where RUNWATCH_METRICS_PORT does, or on a free port of loopback. */
function addressOf({ host, port, metricsPort }: Config, withPages: boolean): { host: string; port: number } {
  if (withPages) return { host, port };
  return metricsPort === null ? { host: '127.0.0.1', port: 0 } : { host, port: metricsPort };
}

/** False when it takes longer, or fails. */
async function endsWithin(ms: number, work: Promise<unknown>, log: Log): Promise<boolean> {
  try {
    await within(ms, work, () => new Error(`not through after ${ms / 1000} s`));
    return true;
  } catch (error) {
    log.warn({ error }, 'a part did not end by itself');
    return false;
  }
}

/** Where people or Teams reach us from elsewhere while we listen on loopback, a proxy of this machine is between. */
function isBehindProxy({ publicUrl, trustedProxies, teams }: Config): boolean {
  const elsewhere =
    publicUrl !== null && !/^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/.test(publicUrl);
  return elsewhere || trustedProxies.length > 0 || (teams !== null && !teams.local);
}

const fitEveryMs = 30_000;

/** Begins once the secret fits, and says loudly that nothing is done meanwhile; answers how to stop looking. */
function onceItFits(fits: () => Promise<boolean>, log: Log, begin: () => void): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = async () => {
    const fit = await fits().catch(() => null);
    if (stopped) return;
    if (fit) return begin();
    if (fit === false) log.error(secretDoesNotFit);
    timer = setTimeout(look, fit === null ? 1000 : fitEveryMs);
  };
  void look();
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
