import { receiveCallbacks } from '../callbacks/receive-callbacks';
import { type AuthDeps, createAuth } from '../chat/console/auth';
import { createConsole } from '../chat/console/console';
import type { Demo } from '../chat/console/demo-parts';
import { shownWeeks, type UsedException } from '../chat/console/exceptions/read-exceptions';
import { createClaimedGroups } from '../chat/console/sign-in/claimed-groups';
import { createSignIn } from '../chat/console/sign-in/sign-in';
import type { PersonDeps } from '../chat/console/sign-in/sign-in-deps';
import type { ServedSurface } from '../chat/surfaces';
import type { Config } from '../config/config';
import { defaultMaxExceptionDays } from '../domain/exceptions/exception-policy';
import { shortDigest } from '../domain/text/short-digest';
import { readReport } from '../health/read-report';
import { createAuditCheck } from '../pipeline/check-audit';
import type { Pages } from '../server';
import { activity } from '../views/activity';
import { alertFigures } from '../views/alert-figures';
import { readCampaign } from '../views/campaign';
import type { AppCore } from './app-core';
import { backtestOf, backtestsOf, recentAlerts } from './connect-surfaces';
import { createQueueBoard } from './queue-board';
import { serveApi } from './serve-api';
import { webhookReplays } from './webhook-replays';

/** The console, its access control and the surfaces' routes, for a process with the role serve. */
export async function servePages(
  core: AppCore,
  demo: Demo | undefined,
): Promise<{ pages: Pages; served: readonly ServedSurface[] }> {
  const { config, log, now, keyring, store, queues, azure, press, surfaces, getView } = core;
  const served = await Promise.all(surfaces.map((surface) => surface.serve()));
  const replays = webhookReplays(core);
  const consoleRouter = createConsole({
    keyring,
    responders: config.responders.length > 0,
    now,
    sla: config.policy.sla ?? {},
    listAlerts: (limit) => store.alerts.list({ limit }),
    searchAlerts: store.alerts.search,
    searchGroups: store.alerts.searchGroups,
    countAll: store.alerts.countAll,
    countMatches: store.alerts.countMatches,
    openCounts: store.alerts.openCounts,
    timings: store.alerts.timings,
    viewsOf: store.measures.viewsOf,
    getView,
    campaignOf: (alert) => readCampaign(alert, store.alerts),
    reviewOf: store.reviews.ofCaller,
    backtest: backtestOf(store, now),
    backtests: (matches) => backtestsOf(store, now)(matches.map((match) => ({ match }))),
    listExceptions: listExceptions(core),
    recentAlerts: () => recentAlerts(store, now),
    maxExceptionDays: config.policy.exceptions?.maxDays ?? defaultMaxExceptionDays,
    activity: (query) => activity(query, store.history, now()),
    figures: () => alertFigures(store.alerts, config.policy.sla ?? {}, now()),
    demo,
    audit: {
      entriesBefore: store.audit.before,
      namesOf: store.measures.namesOf,
      chain: createAuditCheck({ store, keyring, log, now }),
    },
    health: () => readReport({ config, store, queues, azure, now }),
    replays,
    press,
    answerTo: store.answers.get,
    outcomeOf: store.pressResults.get,
    openCount: async () => (await store.alerts.openCounts()).reduce((sum, { count }) => sum + count, 0),
    watch: store.watchChanges,
  });
  const auth = createAuth({
    host: config.host,
    behindProxy: isProxied(config, served),
    consoleToken: config.consoleToken,
    signIn: demo ? { host: 'the demo', by: demo.signIn(personDeps(core)) } : signInFor(core),
    keyring,
    failures: store.signInFailures,
    log,
    now,
  });
  const { escalation } = config.policy;
  const callbacks = receiveCallbacks({
    escalation,
    tickets: store.tickets,
    press,
    metrics: core.metrics,
    log,
    now,
  });
  const webhooks = [...served.flatMap(({ router }) => router ?? []), ...callbacks];
  const board = createQueueBoard({
    queues,
    keyring,
    audit: store.audit,
    now,
    mayRetry: replays.mayReplay,
  });
  return { pages: { auth, console: consoleRouter, board, api: serveApi(core), webhooks }, served };
}

const personDeps = ({ config, keyring, now, people }: AppCore): PersonDeps => ({
  host: config.host,
  keyring,
  now,
  identify: (presser) => people.identify(presser, null),
  mayRead: people.mayRead,
});

/** Sign-in by OpenID Connect; null if it is not configured. */
function signInFor(core: AppCore): AuthDeps['signIn'] {
  const { config, log, now, keyring, store } = core;
  if (!config.signIn) return null;
  const by = createSignIn({
    ...personDeps(core),
    config: config.signIn,
    log,
    store: store.signIns,
    claimedGroups: createClaimedGroups(store.signIns, keyring, now),
    failures: store.signInFailures,
    denied: async (presser, why) => {
      const at = new Date(now()).toISOString();
      const entry = { at, by: presser, action: 'sign in', alertId: null, object: null, why };
      const once = `sign-in ${shortDigest(presser.issuer ?? '', presser.id)} ${at.slice(0, 13)}`;
      await store.audit.append([{ ...entry, result: 'refused' }], once);
    },
  });
  return { host: new URL(config.signIn.issuer).host, by };
}

/** True if requests come from other machines. When we listen on loopback, a local proxy forwards them. */
function isProxied({ publicUrl, trustedProxies }: Config, served: readonly ServedSurface[]): boolean {
  const elsewhere =
    publicUrl !== null && !/^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/.test(publicUrl);
  return elsewhere || trustedProxies.length > 0 || served.some(({ behindProxy }) => behindProxy);
}

/** All exceptions with what they suppressed by week. */
const listExceptions =
  ({ store, now }: Pick<AppCore, 'store' | 'now'>) =>
  async (): Promise<UsedException[]> => {
    const exceptions = await store.exceptions.list();
    const ids = exceptions.map(({ id }) => id);
    const uses = await store.exceptions.usesByWeek(ids, now(), shownWeeks);
    return exceptions.map((exception, i) => ({ exception, uses: uses[i] ?? { total: 0, weeks: [] } }));
  };
