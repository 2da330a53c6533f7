import type { Store } from '../../store/store';
import type { Queues } from '../queues';

export interface ForgetDeps {
  store: Pick<Store, 'webhooks' | 'health'>;
  queues: Pick<Queues, 'dropWebhook'>;
  now: () => number;
}

const checkEveryMs = 3_600_000;
/** A webhook that was removed by mistake continues where it ended, ms. */
const keptMs = 7 * 86_400_000;

/** Notes which webhooks are configured, once an hour, and removes what waits for those that no longer are. */
export async function forgetWebhooks(names: readonly string[], deps: ForgetDeps): Promise<void> {
  const { store, queues, now } = deps;
  if (!(await store.health.isDue('webhooks', checkEveryMs, now()))) return;
  await store.webhooks.noteConfigured(names, now());
  for (const name of await store.webhooks.configuredBefore(now() - keptMs)) {
    await queues.dropWebhook(name);
    await store.webhooks.forget(name);
  }
}
