import type { Config } from '../config/config';
import type { WebhookReport } from '../domain/system-health/health-report';
import type { Queues } from '../pipeline/queues';
import type { Store } from '../store/store';

/** Waiting messages that are compared for the oldest. */
const compared = 200;

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** The state of each configured webhook, of all processes. */
export const readWebhooks = (
  { policy }: Pick<Config, 'policy'>,
  store: Pick<Store, 'webhooks'>,
  queues: Pick<Queues, 'webhooks'>,
): Promise<WebhookReport[]> =>
  Promise.all(
    (policy.webhooks ?? []).map(async ({ name, url }) => {
      const queue = queues.webhooks.get(name);
      const [state, counts, jobs] = await Promise.all([
        store.webhooks.stateOf(name, url),
        queue?.getJobCounts('waiting', 'active', 'delayed', 'failed'),
        queue?.getJobs(['waiting', 'active', 'delayed'], 0, compared - 1, true),
      ]);
      const oldest = Math.min(...(jobs ?? []).map(({ data }) => data.at));
      const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts ?? {};
      const isFailing = (state.failedAt ?? 0) > (state.acceptedAt ?? 0);
      return {
        name,
        host: new URL(url).host,
        waiting: waiting + active + delayed,
        waitsSince: iso(Number.isFinite(oldest) ? oldest : null),
        failed,
        acceptedAt: iso(state.acceptedAt),
        error: isFailing ? state.error : null,
        goneAt: iso(state.goneAt),
        lostAt: iso(state.lostAt),
      };
    }),
  );
