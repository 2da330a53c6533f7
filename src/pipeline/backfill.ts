import { DelayedError, type Job } from 'bullmq';
import { AzureError } from '../azure/connection/azure-error';
import type { LogWindow } from '../azure/log/activity-log';
import { normalize } from '../domain/activity/read-record';
import { alertingOf } from '../domain/techniques/detections';
import type { Log } from '../runtime/log';
import type { History } from '../store/events/history';
import { toExecutions } from './group';
import { type PollDeps, readWindow } from './poll';
import type { PollJob } from './queues';

export interface BackfillDeps extends Pick<PollDeps, 'readLog' | 'lookbackMs' | 'detections' | 'now'> {
  history: History;
  /** The Log Analytics workspace that also stores the log, if configured. */
  workspace: HistoryWorkspace | null;
  log: Log;
}

export interface HistoryWorkspace {
  /** Start of the subscription's log in the workspace, ms. Looks only within the window. */
  since: (window: LogWindow) => Promise<number | null>;
  read: (window: LogWindow) => AsyncIterable<unknown[]>;
}

const day = 86_400_000;
/** Azure keeps 90 days. The margin of one hour keeps the last request within that limit. */
const historyMs = 90 * day - 3_600_000;
const stepMs = 7 * day;

/** Fills the history from Azure's log, newest first, without alerting. Resumes after a crash. */
export async function backfill(
  job: Job<PollJob>,
  token: string | undefined,
  deps: BackfillDeps,
): Promise<void> {
  const { subscriptionId } = job.data;
  const end = deps.now() - historyMs;
  try {
    const kept = await workspaceSince(subscriptionId, end, deps);
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
      await addToHistory(records, deps);
      await deps.history.setFilledFrom(subscriptionId, start);
      await job.updateProgress(Math.round(((deps.now() - start) / historyMs) * 100));
      from = start;
    }
    deps.log.info({ subscriptionId }, 'history backfill finished');
  } catch (error) {
    if (!(error instanceof AzureError) || error.statusCode !== 429) throw error;
    await job.moveToDelayed(Date.now() + Math.max(5000, error.retryAfterMs), token);
    throw new DelayedError();
  }
}

/** From when the workspace can replace the activity log, which needs one request per week, ms. */
async function workspaceSince(subscriptionId: string, end: number, deps: BackfillDeps): Promise<number> {
  const window = {
    subscriptionId,
    from: new Date(end - stepMs).toISOString(),
    to: new Date(deps.now()).toISOString(),
  };
  const since = await deps.workspace?.since(window).catch((error) => {
    deps.log.warn(
      { error, subscriptionId },
      'could not read Log Analytics; reading the activity log instead',
    );
    return null;
  });
  return since ?? Number.POSITIVE_INFINITY;
}

async function gather(pages: AsyncIterable<unknown[]>): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const page of pages) records.push(...page);
  return records;
}

/** What has to be confirmed can't be, so long after. */
async function addToHistory(
  records: readonly unknown[],
  { history, detections, now }: BackfillDeps,
): Promise<void> {
  const events = records.flatMap((record) => {
    const result = normalize(record);
    if (!('event' in result)) return [];
    return alertingOf(result.event.operation, detections) === 'always' ? [result.event] : [];
  });
  await history.note(await toExecutions(events), now());
}
