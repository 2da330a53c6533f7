import { DelayedError, type Job } from 'bullmq';
import { AzureError } from '../azure/connection/azure-error';
import type { LogWindow } from '../azure/log/activity-log';
import { normalize } from '../domain/activity/read-record';
import type { Log } from '../runtime/log';
import type { History } from '../store/events/history';
import { toExecutions } from './group';
import { type PollDeps, readWindow } from './poll';
import type { PollJob } from './queues';

export interface BackfillDeps extends Pick<PollDeps, 'readLog' | 'lookbackMs' | 'now'> {
  history: History;
  /** The workspace that keeps the log too, if there is one. */
  workspace: HistoryWorkspace | null;
  log: Log;
}

export interface HistoryWorkspace {
  /** Since when it has a subscription's log, ms, looking no further back than the window. */
  since: (window: LogWindow) => Promise<number | null>;
  read: (window: LogWindow) => AsyncIterable<unknown[]>;
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
    const kept = await keptSince(subscriptionId, end, deps);
    let from = (await deps.history.filledFrom(subscriptionId)) ?? deps.now() - deps.lookbackMs;
    while (from > end) {
      const start = Math.max(end, from - stepMs);
      const window = {
        subscriptionId,
        from: new Date(start).toISOString(),
        to: new Date(from).toISOString(),
      };
      const records =
        deps.workspace && start >= kept
          ? await gather(deps.workspace.read(window))
          : await gather(readWindow(deps, window));
      await remember(records, deps);
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

/** What a workspace has whole need not be asked of the log, a week a request. */
async function keptSince(subscriptionId: string, end: number, deps: BackfillDeps): Promise<number> {
  const window = {
    subscriptionId,
    from: new Date(end - stepMs).toISOString(),
    to: new Date(deps.now()).toISOString(),
  };
  const since = await deps.workspace?.since(window).catch((error) => {
    deps.log.warn({ error, subscriptionId }, 'Log Analytics can not be read; the log itself is');
    return null;
  });
  return since ?? Number.POSITIVE_INFINITY;
}

async function gather(pages: AsyncIterable<unknown[]>): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const page of pages) records.push(...page);
  return records;
}

async function remember(records: readonly unknown[], { history, now }: BackfillDeps): Promise<void> {
  const events = records.flatMap((record) => {
    const result = normalize(record);
    return 'event' in result ? [result.event] : [];
  });
  await history.note(await toExecutions(events), now());
}
