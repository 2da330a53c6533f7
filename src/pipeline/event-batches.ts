import type { ActivityEvent } from '../domain/activity/activity-event';
import { callerKeyOf } from '../domain/alerts/alert';

/** Events per job. Small jobs let delivery begin while later ones are still being enriched. */
const batchSize = 250;
/** Events of one caller per job: enough to detect a burst in one job, few enough for Redis. */
const maxPerCaller = 1000;

/** Splits events into jobs. One caller's events stay together, because they may form a burst. */
export function batchesOf(events: readonly ActivityEvent[]): ActivityEvent[][] {
  const batches: ActivityEvent[][] = [];
  let batch: ActivityEvent[] = [];
  for (const theirs of Map.groupBy(events, ({ caller }) => callerKeyOf(caller)).values()) {
    for (let i = 0; i < theirs.length; i += maxPerCaller) {
      const part = theirs.slice(i, i + maxPerCaller);
      if (batch.length === 0 || batch.length + part.length > batchSize) {
        batch = [];
        batches.push(batch);
      }
      batch.push(...part);
    }
  }
  return batches;
}
