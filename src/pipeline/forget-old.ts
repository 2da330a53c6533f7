import { runwatchActor } from '../domain/people/person';
import { t } from '../domain/text/translate';
import type { Store } from '../store/store';

const dayMs = 86_400_000;
/** Exceptions are kept for this long after they expired, as alerts are by default, ms. */
const keptMs = 400 * dayMs;

/** Once a day, removes what neither Redis nor the next write does (`store/key-limits.ts`). Safe to repeat. */
export async function forgetOld({ store, now }: { store: Store; now: () => number }): Promise<void> {
  if (!(await store.health.isDue('forget-old', dayMs, now()))) return;
  await store.polls.forgetGone(now());
  await store.measures.sweepIndex();
  await store.health.forgetPlaces(now());
  await forgetExceptions(store, now());
}

async function forgetExceptions(store: Store, now: number): Promise<void> {
  for (const { id, expires } of await store.exceptions.list()) {
    if (Date.parse(expires) > now - keptMs) continue;
    const entry = {
      at: new Date(now).toISOString(),
      by: runwatchActor,
      action: 'exception.remove',
      alertId: null,
      object: id,
      result: 'done' as const,
      why: t`it expired more than 400 days ago`,
    };
    await store.exceptions.remove(id, [entry], `expired ${id} ${expires}`);
  }
}
