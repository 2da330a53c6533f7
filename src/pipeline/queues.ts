import { type Job, type Processor, Queue, type QueueOptions, Worker, type WorkerOptions } from 'bullmq';
import type { PressJob } from '../actions/action';
import type { ActivityEvent } from '../domain/activity/activity-event';
import type { Log } from '../runtime/log';
import { rateLimitedWarn } from '../runtime/rate-limited-warn';
import { queuePrefix } from '../store/keys';
import { connect, type RedisAddress } from '../store/redis/connect';

export interface PollJob {
  subscriptionId: string;
}
export interface EventsJob {
  events: ActivityEvent[];
}
/** Completes an alert whose enrichment timed out or failed, or updates only its timeline. */
export interface CompleteJob {
  alertId: string;
  part?: 'timeline';
}
/** Reads the logs of an alert's workspace that are due. */
export interface EvidenceJob {
  alertId: string;
}
export interface DeliverJob {
  surface: string;
  /** Id of an alert or notice. */
  id: string;
  /** Batch of messages to post for the first time. Replaces `id`. */
  ids?: string[];
  /** Set to deliver the thread instead of the message. */
  part?: 'thread';
  /** Send time reserved under the channel's rate limit, ms. */
  slotAt?: number;
}

interface JobData {
  poll: PollJob;
  discover: unknown;
  backfill: PollJob;
  events: EventsJob;
  /** Events that have to be confirmed by reading Azure. They wait for no alert, and no alert for them. */
  check: EventsJob;
  complete: CompleteJob;
  evidence: EvidenceJob;
  deliver: DeliverJob;
  sweep: unknown;
  digest: unknown;
  copyAudit: unknown;
  watchMeasures: unknown;
  reviewAccess: unknown;
  health: unknown;
  respond: PressJob;
}

export type QueueName = keyof JobData;

/** How long details wait in a flood of alerts, ms. */
const floodDelayMs = 60_000;
/** If a worker dies, another may take its job after this long, ms. */
const lockMs = 15_000;

/** Retries for days, at most a minute apart, so that no alert is dropped. */
const persistentRetries = { attempts: 5000, backoff: { type: 'runwatch' } };
const backoffStrategy = (attempts: number) => Math.min(500 * 2 ** Math.min(attempts - 1, 7), 60_000);

export function createQueues(address: RedisAddress, log: Log) {
  const connection = connect(address);
  const warn = rateLimitedWarn(log);
  connection.on('error', (error) => warn(error, 'Redis does not answer; waiting for it'));
  const options = (defaults: QueueOptions['defaultJobOptions']): QueueOptions => ({
    connection,
    prefix: queuePrefix,
    defaultJobOptions: {
      removeOnComplete: true,
      removeOnFail: { count: 1000, age: 7 * 86_400 },
      ...defaults,
    },
  });
  const queues = {
    poll: new Queue<PollJob>('poll', options({ removeOnFail: true })),
    discover: new Queue(
      'discover',
      options({ attempts: 50, backoff: { type: 'runwatch' }, removeOnFail: true }),
    ),
    backfill: new Queue<PollJob>('backfill', options(persistentRetries)),
    events: new Queue<EventsJob>('events', options(persistentRetries)),
    check: new Queue<EventsJob>('check', options(persistentRetries)),
    complete: new Queue<CompleteJob>('complete', options({ attempts: 8, backoff: { type: 'runwatch' } })),
    evidence: new Queue<EvidenceJob>('evidence', options({ attempts: 8, backoff: { type: 'runwatch' } })),
    deliver: new Queue<DeliverJob>('deliver', options(persistentRetries)),
    health: new Queue('health', options({ removeOnFail: true })),
    sweep: new Queue('sweep', options({ removeOnFail: true })),
    watchMeasures: new Queue('watchMeasures', options({ removeOnFail: true })),
    reviewAccess: new Queue('reviewAccess', options({ attempts: 10, backoff: { type: 'runwatch' } })),
    copyAudit: new Queue('copyAudit', options({ removeOnFail: true })),
    digest: new Queue('digest', options({ attempts: 10, backoff: { type: 'runwatch' } })),
    respond: new Queue<PressJob>('respond', options(persistentRetries)),
  };
  for (const queue of Object.values(queues))
    queue.on('error', (error) => warn(error, 'Redis does not answer; waiting for it'));
  const workers: Worker[] = [];
  const connections = [connection];
  let closed = false;

  /** @throws {Error} if the queues are closed: a worker started now would never be closed */
  function work<Name extends QueueName>(
    name: Name,
    process: Processor<JobData[Name]>,
    extra: Partial<WorkerOptions> = {},
  ): void {
    if (closed) throw new Error(`the queue ${name} is closed`);
    const own = connect(address);
    own.on('error', () => {});
    connections.push(own);
    const worker = new Worker<JobData[Name]>(name, process, {
      connection: own,
      prefix: queuePrefix,
      lockDuration: lockMs,
      stalledInterval: lockMs / 3,
      maxStalledCount: 1000,
      settings: { backoffStrategy },
      ...extra,
    });
    worker.on('error', (error) => warn(error, `the queue ${name} has a Redis error`));
    worker.on('failed', (job: Job<JobData[Name]> | undefined, error) =>
      log.warn({ error, queue: name, job: job?.id, attempt: job?.attemptsMade }, 'a job failed; retrying'),
    );
    workers.push(worker);
  }

  return {
    ...queues,
    work,
    /** Queues deliveries. At most one more is kept while a delivery of the same message waits or runs. */
    deliverAll: async (surfaces: readonly string[], ids: readonly string[]) => {
      const jobs = surfaces.flatMap((surface) => ids.map((id) => ({ surface, id })));
      if (jobs.length === 0) return;
      await queues.deliver.addBulk(
        jobs.map((data) => ({
          name: 'deliver',
          data,
          opts: { deduplication: { id: `${data.surface}.${data.id}`, keepLastIfActive: true } },
        })),
      );
    },
    /** Queues first posts in batches. A message that cannot be posted at once gets its own delivery. */
    deliverFirst: async (surfaces: readonly string[], ids: readonly string[]) => {
      const jobs = surfaces.map((surface) => ({
        name: 'deliver',
        data: { surface, id: ids[0] as string, ids: [...ids] },
      }));
      if (ids.length > 0) await queues.deliver.addBulk(jobs);
    },
    /** Queues an alert's details. Alerts come before details. */
    deliverThreads: async (surface: string, ids: readonly string[]) => {
      const jobs = ids.map((id) => ({
        name: 'deliver',
        data: { surface, id, part: 'thread' as const },
        opts: { priority: 1, deduplication: { id: `${surface}.${id}.thread`, keepLastIfActive: true } },
      }));
      if (jobs.length > 0) await queues.deliver.addBulk(jobs);
    },
    /** Queues the details of a flood's alerts, which follow later. */
    deliverThreadsLater: async (surface: string, ids: readonly string[]) => {
      const data = { surface, id: ids[0] as string, ids: [...ids], part: 'thread' as const };
      if (ids.length > 0) await queues.deliver.add('deliver', data, { priority: 1, delay: floodDelayMs });
    },
    depths: async () => {
      const entries = await Promise.all(
        Object.entries(queues).map(
          async ([name, queue]) =>
            [name, await queue.getJobCounts('waiting', 'active', 'delayed', 'failed')] as const,
        ),
      );
      return Object.fromEntries(entries);
    },
    /** Age of the oldest waiting job per queue, in seconds. */
    oldestAges: async (now: number): Promise<Record<string, number>> => {
      const entries = await Promise.all(
        Object.entries(queues).map(async ([name, queue]) => {
          const oldest = await queue.getJobs(['waiting', 'prioritized'], 0, 0, true);
          const ages = oldest.map(({ timestamp }) => (now - timestamp) / 1000);
          return [name, Math.max(0, ...ages)] as const;
        }),
      );
      return Object.fromEntries(entries);
    },
    all: () => Object.values(queues) as Queue[],
    /** Takes no new jobs and waits for those in progress. */
    close: async () => {
      closed = true;
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all(Object.values(queues).map((queue) => queue.close()));
      for (const each of connections) each.disconnect();
    },
    /** Drops the jobs in progress. Their locks expire, and another process reruns them. */
    abandon: () => {
      for (const each of connections) each.disconnect();
    },
  };
}
export type Queues = ReturnType<typeof createQueues>;
