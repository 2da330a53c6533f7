import { DelayedError, type Job } from 'bullmq';
import { AzureError } from '../azure/errors';
import type { Log } from '../log';
import type { History } from '../store/history';
import { toExecutions } from './group';
import { normalize } from './normalize';
import { type PollDeps, readWindow } from './poll';
import type { PollJob } from './queues';

export interface BackfillDeps extends Pick<PollDeps, 'readLog' | 'lookbackMs' | 'now'> {
  history: History;
  log: Log;
}

const day = 86_400_000;
/** Azure keeps 90 days; an hour less, so that the last request is not late. */
const wantedMs = 90 * day - 3_600_000;
const stepMs = 7 * day;

/** Fills history with what Azure still keeps, newest first, without alerting; goes on where it was after a crash. */
export async function backfill(
  job: Job<PollJob>,
  token: string | undefined,
  deps: BackfillDeps,
): Promise<void> {
  const { subscriptionId } = job.data;
  const end = deps.now() - wantedMs;
  try {
    let from = (await deps.history.filledFrom(subscriptionId)) ?? deps.now() - deps.lookbackMs;
    while (from > end) {
      const start = Math.max(end, from - stepMs);
      const window = {
        subscriptionId,
        from: new Date(start).toISOString(),
        to: new Date(from).toISOString(),
      };
      await remember(await readWindow(deps, window), deps);
      await deps.history.setFilledFrom(subscriptionId, start);
      await job.updateProgress(Math.round(((deps.now() - start) / wantedMs) * 100));
      from = start;
    }
    deps.log.info({ subscriptionId }, 'history is filled');
  } catch (error) {
    if (!(error instanceof AzureError) || error.statusCode !== 429) throw error;
    await job.moveToDelayed(Date.now() + Math.max(5000, error.retryAfterMs), token);
    throw new DelayedError();
  }
}

async function remember(records: readonly unknown[], { history, now }: BackfillDeps): Promise<void> {
  const events = records.flatMap((record) => {
    const result = normalize(record, 'rest');
    return 'event' in result ? [result.event] : [];
  });
  await history.note(toExecutions(events), now());
}
