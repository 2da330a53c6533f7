import { missingPermissions } from '../actions/missing-permissions';
import { tokenOf } from '../azure/connection/credential';
import { type ConnectedSurface, configuredSurfaces, type SurfaceContext } from '../chat/surfaces';
import type { Alert } from '../domain/alerts/alert';
import { channelsOf } from '../domain/alerts/routing';
import { backtest, backtestDays, backtestLimit, backtestText } from '../domain/exceptions/backtest';
import type { Exception } from '../domain/exceptions/exception';
import { matchFactsOf } from '../domain/exceptions/match-facts';
import { matchWords } from '../domain/exceptions/match-words';
import { t } from '../domain/text/translate';
import { cannotRead } from '../presses/authorize';
import type { Store } from '../store/store';
import { answerCommand } from '../views/chat-commands';
import { homeFor } from '../views/home';
import { createSuggestions } from '../views/suggestions';
import type { AppCore } from './app-core';
import { linkTo } from './link-to';

/** Connects every configured surface. `people` is asked only once all are connected. */
export async function connectSurfaces(
  core: Omit<AppCore, 'surfaces' | 'people'>,
  people: () => AppCore['people'],
): Promise<ConnectedSurface[]> {
  const { config, log, now, store, queues, azure, press, getView } = core;
  const context: Omit<SurfaceContext, 'routed' | 'state'> = {
    log,
    now,
    rules: config.responders,
    tokenOf,
    press,
    answerTo: store.answers.get,
    outcomeOf: store.pressResults.get,
    command: (text: string) => answerCommand(text, { azure, store, now }),
    mayRead: (presser) => people().mayRead(presser),
    cannotRead,
    mayChoosePlaces: (presser) => people().hasFullRights(presser),
    placeChosen: async (by, place, on) => {
      const at = new Date(now()).toISOString();
      const action = on ? 'alerts here' : 'alerts stop';
      await store.audit.append([{ at, by, action, alertId: null, object: place, result: 'done', why: null }]);
      const text = `${by.name} ${on ? 'chose a conversation for alerts' : 'stopped alerts in a conversation'}.`;
      const notice = { id: `notice-places-${at}`, text };
      await store.deliveries.addNotice(notice, store.surfaces);
      await queues.deliverAll(store.surfaces, [notice.id]);
    },
    withObjectId: (presser) => people().withObjectId(presser),
    describeEntraUser: (surface, id) => people().describeEntraUser(surface, id),
    getView,
    missingPermissions: (view) => missingPermissions(view, azure),
    suggestions: createSuggestions({ store, now }),
    linkTo: linkTo(config),
    sla: config.policy.sla ?? {},
    backtest: backtestOf(store, now),
    home: (presser) => homeFor(presser, { store, responders: config.responders.length > 0, now: now() }),
  };
  const routes = config.policy.routes ?? [];
  return Promise.all(
    configuredSurfaces(config.surfaces).map(({ definition, settings }) =>
      definition.connect(settings, {
        ...context,
        press: (given) => {
          if (given.by.surface !== definition.name)
            throw new Error(`${definition.name} sent a press of ${given.by.surface}`);
          return press(given);
        },
        routed: channelsOf(routes, definition.name),
        state: store.surfaceState(definition.name),
      }),
    ),
  );
}

type Tested = Pick<Exception, 'match' | 'silenceCritical'>;

/** Says which of the recent alerts each exception would have suppressed. */
export const backtestsOf =
  (store: Store, now: () => number) =>
  async (exceptions: readonly Tested[]): Promise<string[]> => {
    const recent = await recentAlerts(store, now);
    return exceptions.map((exception) => backtestText(backtest(exception, recent, matchFactsOf)));
  };

/** Describes what an exception matches as well. */
export const backtestOf =
  (store: Store, now: () => number) =>
  async (exception: Tested): Promise<string> =>
    t`It matches ${matchWords(exception.match)}. ${(await backtestsOf(store, now)([exception])).join('')}`;

/** The alerts that exceptions are tested with, newest first. */
export const recentAlerts = (store: Store, now: () => number): Promise<Alert[]> =>
  store.alerts.list({ limit: backtestLimit, after: now() - backtestDays * 86_400_000 });
