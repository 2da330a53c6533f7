import type { Azure } from '../azure/azure';
import type { Config } from '../config/config';
import type { HealthReport, SurfaceReport } from '../domain/system-health/health-report';
import type { Queues } from '../pipeline/queues';
import type { Store } from '../store/store';
import { readPermissions } from './read-permissions';
import { staleAfterMs, troublesOf } from './troubles';
import { readHealth } from './watch-health';

export interface ReportDeps {
  config: Pick<Config, 'pollSeconds' | 'eventHub' | 'policy' | 'responders'>;
  store: Store;
  queues: Pick<Queues, 'deliverAll' | 'oldestAges' | 'depths' | 'webhooks'>;
  azure: Pick<Azure, 'botId' | 'assignmentsOf' | 'roleDefinitions'>;
  now: () => number;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Everything that the health page shows. */
export async function readReport(deps: ReportDeps): Promise<HealthReport> {
  const { config, store, queues, azure, now } = deps;
  const [state, reported, depths, ages, unreadable] = await Promise.all([
    readHealth(deps),
    store.health.troubles(),
    queues.depths(),
    queues.oldestAges(now()),
    store.polls.countUnreadable(),
  ]);
  const { subscriptions } = state;
  const since = new Map(reported.map((trouble) => [trouble.id, trouble.since]));
  const [watermarks, filled, surfaces, permissions] = await Promise.all([
    store.polls.watermarks(subscriptions.map(({ id }) => id)),
    Promise.all(subscriptions.map(({ id }) => store.history.filledFrom(id))),
    readSurfaces(state.surfaces, store),
    config.responders.length > 0 ? readPermissions(subscriptions, azure) : { lacking: [], checked: 0 },
  ]);
  return {
    at: iso(now()),
    staleAfterMs: staleAfterMs(config.pollSeconds),
    problems: troublesOf(state).map(({ id, kind, says }) => {
      const from = since.get(id);
      return { id, kind, says, since: from === undefined ? null : iso(from) };
    }),
    subscriptions: subscriptions.map(({ id, name, lastPollAt, error, status }, index) => ({
      id,
      name,
      lastPollAt,
      readTo: watermarks.get(id) ?? null,
      error,
      status: status ?? null,
      historyDays: Math.floor((now() - (filled[index] ?? now())) / 86_400_000),
    })),
    surfaces,
    webhooks: state.webhooks,
    queues: Object.entries(depths).map(([name, counts]) => ({
      name,
      waiting: counts.waiting ?? 0,
      active: counts.active ?? 0,
      delayed: counts.delayed ?? 0,
      failed: counts.failed ?? 0,
      oldestSeconds: ages[name] ?? 0,
    })),
    unreadable,
    permissions,
  };
}

/** Each chat's places count together; one that rejects messages is an error of the chat. */
async function readSurfaces(
  failing: readonly { place: string; error: string }[],
  { surfaces, deliveries, health }: Store,
): Promise<SurfaceReport[]> {
  const accepted = await health.accepted();
  return Promise.all(
    surfaces.map(async (name): Promise<SurfaceReport> => {
      const isIts = (place: string) => place === name || place.startsWith(`${name} `);
      const [waiting, since] = await Promise.all([
        deliveries.countUndelivered(name),
        deliveries.waitingSince(name),
      ]);
      const times = accepted.filter(({ place }) => isIts(place)).map(({ at }) => at);
      return {
        name,
        waiting,
        waitsSince: since === null ? null : iso(since),
        acceptedAt: times.length > 0 ? iso(Math.max(...times)) : null,
        error: failing.find(({ place }) => isIts(place))?.error ?? null,
      };
    }),
  );
}
