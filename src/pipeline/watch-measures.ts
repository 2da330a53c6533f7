import type { ActionDeps } from '../actions/action';
import type { MeasureKind } from '../actions/measures/measure-kind';
import { failInProgress } from '../actions/measures/record-failure';
import { kindOf } from '../actions/registry';
import type { Measure } from '../domain/measures/measure';
import { runwatchActor } from '../domain/people/person';
import type { Log } from '../runtime/log';
import type { Store } from '../store/store';

export interface WatchMeasuresDeps extends Pick<ActionDeps, 'azure' | 'linkTo'> {
  store: Store;
  show: (...alertIds: readonly string[]) => Promise<void>;
  log: Log;
  now: () => number;
}

/** Checks that measures are still in force. Reports manual changes, and their reversal, on the alerts. */
export async function watchMeasures(deps: WatchMeasuresDeps): Promise<void> {
  await failInProgress(null, 'Runwatch stopped while this was in progress', deps);
  for (const measure of await deps.store.measures.listOpen()) {
    const drift = kindOf(measure.kind)?.drift;
    if (drift && (measure.state === 'in force' || measure.state === 'drifted'))
      await checkDrift(measure, drift, deps);
  }
}

async function checkDrift(
  measure: Measure,
  drift: NonNullable<MeasureKind['drift']>,
  deps: WatchMeasuresDeps,
): Promise<void> {
  const { store, show, log, now } = deps;
  let found: string | null;
  try {
    found = await drift(measure.before, deps);
  } catch (error) {
    log.warn({ error, target: measure.target }, 'could not check whether a measure is still in force');
    return;
  }
  const state = found === null ? 'in force' : 'drifted';
  const stored = await store.measures.update(measure.id, (current) => {
    if (!current || current.rev !== measure.rev) return null;
    if (current.state === state && (current.reason ?? null) === found) return null;
    return {
      measure: {
        ...current,
        state,
        reason: found ?? undefined,
        ...(found === null ? {} : { checked: undefined }),
      },
      audit: [
        {
          at: new Date(now()).toISOString(),
          by: runwatchActor,
          action: `${measure.kind}.drift`,
          alertId: measure.alerts.at(-1) ?? null,
          object: measure.target,
          result: 'done',
          why: found ?? 'it matches the measure again',
        },
      ],
    };
  });
  if (stored && stored.rev !== measure.rev)
    await show(...new Set([...stored.alerts, ...(await store.measures.alertsOn(stored.subjects))]));
}
