import { type AuthDeps, createAuth } from '../chat/console/auth';
import { type ConsoleDeps, createConsole } from '../chat/console/console';
import { createClaimedGroups } from '../chat/console/sign-in/claimed-groups';
import { createSignIn } from '../chat/console/sign-in/sign-in';
import type { ServedSurface } from '../chat/surfaces';
import type { Config } from '../config/config';
import type { Alert } from '../domain/alerts/alert';
import { shortDigest } from '../domain/text/short-digest';
import { readReport } from '../health/read-report';
import { createAuditCheck } from '../pipeline/check-audit';
import type { Pages } from '../server';
import type { Store } from '../store/store';
import { activity } from '../views/activity-hours';
import type { AppCore } from './app-core';
import { backtestOf } from './connect-surfaces';

/** The console, its access control and the surfaces' routes, for a process with the role serve. */
export async function servePages(
  core: AppCore,
  panel: ConsoleDeps['panel'],
): Promise<{ pages: Pages; served: readonly ServedSurface[] }> {
  const { config, log, now, keyring, store, queues, azure, press, surfaces, getView } = core;
  const served = await Promise.all(surfaces.map((surface) => surface.serve()));
  const consoleRouter = createConsole({
    keyring,
    responders: config.responders.length > 0,
    now,
    sla: config.policy.sla ?? {},
    listAlerts: (limit) => store.alerts.list({ limit }),
    listOpen: store.alerts.listOpen,
    findAlerts: findAlerts(store),
    viewsOf: store.measures.viewsOf,
    getView,
    backtest: backtestOf(store, now),
    listExceptions: async () =>
      Promise.all(
        (await store.exceptions.list()).map(async (exception) => ({
          exception,
          uses: await store.exceptions.uses(exception.id),
        })),
      ),
    activity: () => activity(store.history, config.policy.workingHours?.zone ?? 'UTC', now()),
    panel,
    audit: {
      entriesBefore: store.audit.before,
      namesOf: store.measures.namesOf,
      chain: createAuditCheck({ store, keyring, log, now }),
    },
    health: () => readReport({ config, store, queues, azure, now }),
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
    signIn: signInFor(core),
    keyring,
    failures: store.signInFailures,
    log,
    now,
  });
  const webhooks = served.flatMap(({ router }) => router ?? []);
  return { pages: { auth, console: consoleRouter, queues, webhooks }, served };
}

/** Sign-in by OpenID Connect; null if it is not configured. */
function signInFor({ config, log, now, keyring, store, people }: AppCore): AuthDeps['signIn'] {
  if (!config.signIn) return null;
  const by = createSignIn({
    config: config.signIn,
    keyring,
    log,
    now,
    store: store.signIns,
    claimedGroups: createClaimedGroups(store.signIns, keyring, now),
    failures: store.signInFailures,
    identify: (presser) => people.identify(presser, null),
    mayRead: people.mayRead,
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

/** Reads a hundred whole alerts at a time. */
const findAlerts =
  ({ alerts }: Pick<Store, 'alerts'>) =>
  async (text: string, limit: number): Promise<Alert[]> => {
    const ids = (await alerts.search({ text }, { limit })).alerts.map(({ id }) => id);
    const found: Alert[] = [];
    for (let i = 0; i < ids.length; i += 100)
      found.push(...(await alerts.getMany(ids.slice(i, i + 100))).filter((alert) => alert !== null));
    return found;
  };
