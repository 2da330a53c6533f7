import { type Job, type Processor, Queue, type QueueOptions, Worker, type WorkerOptions } from 'bullmq';
import type { PressJob } from '../actions/action';
import type { ActivityEvent } from '../domain/activity/activity-event';
import type { Log } from '../runtime/log';
import { rateLimitedWarn } from '../runtime/rate-limited-warn';
import { queueTelemetry } from '../runtime/tracing';
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
  /** The span of each of `ids`, if it is traced. */
  spans?: (string | null)[];
  /** Set to deliver the thread instead of the message. */
  part?: 'thread';
  /** Send time reserved under the channel's rate limit, ms. */
  slotAt?: number;
}

/** A message to post for the first time, and the span of its alert. */
export interface FirstMessage {
  id: string;
  span: string | null;
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
  sentinel: unknown;
  watchMeasures: unknown;
  reviewAccess: unknown;
  health: unknown;
  respond: PressJob;
}

export type QueueName = keyof JobData;

/**
 * The queues whose jobs continue a trace. Scheduled jobs would keep one trace for ever.
 */
const traced: ReadonlySet<QueueName> = new Set([
  'events',
  'check',
  'complete',
  'evidence',
  'deliver',
  'respond',
]);

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
  const telemetry = queueTelemetry();
  const tracing = (name: QueueName) => (telemetry && traced.has(name) ? { telemetry } : {});
  const queue = <Name extends QueueName>(name: Name, defaults: QueueOptions['defaultJobOptions']) =>
    new Queue<JobData[Name]>(name, {
      connection,
      prefix: queuePrefix,
      ...tracing(name),
      defaultJobOptions: {
        removeOnComplete: true,
        removeOnFail: { count: 1000, age: 7 * 86_400 },
        ...defaults,
      },
    });
  const backoff = { type: 'runwatch' };
  const queues = {
    poll: queue('poll', { removeOnFail: true }),
    discover: queue('discover', { attempts: 50, backoff, removeOnFail: true }),
    backfill: queue('backfill', persistentRetries),
    events: queue('events', persistentRetries),
    check: queue('check', persistentRetries),
    complete: queue('complete', { attempts: 8, backoff }),
    evidence: queue('evidence', { attempts: 8, backoff }),
    deliver: queue('deliver', persistentRetries),
    health: queue('health', { removeOnFail: true }),
    sweep: queue('sweep', { removeOnFail: true }),
    watchMeasures: queue('watchMeasures', { removeOnFail: true }),
    reviewAccess: queue('reviewAccess', { attempts: 10, backoff }),
    copyAudit: queue('copyAudit', { removeOnFail: true }),
    sentinel: queue('sentinel', { removeOnFail: true }),
    digest: queue('digest', { attempts: 10, backoff }),
    respond: queue('respond', persistentRetries),
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
      ...tracing(name),
      lockDuration: lockMs,
      stalledInterval: lockMs / 3,
      maxStalledCount: 1000,
      settings: { backoffStrategy },
      ...extra,
    });
    worker.on('error', (error) => warn(error, `the queue ${name} has a Redis error`));
    worker.on('failed', (job: Job<JobData[Name]> | undefined, error) => {
      const { alertId, id } = (job?.data ?? {}) as { alertId?: string; id?: string };
      log.warn(
        {
          error,
          queue: name,
          job: job?.id,
          attempt: job?.attemptsMade,
          alertId: [alertId, id].find((known) => known?.startsWith('RW-')),
        },
        'a job failed; retrying',
      );
    });
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
    deliverFirst: async (surfaces: readonly string[], messages: readonly FirstMessage[]) => {
      const ids = messages.map(({ id }) => id);
      const spans = messages.map(({ span }) => span);
      const jobs = surfaces.map((surface) => ({
        name: 'deliver',
        data: { surface, id: ids[0] as string, ids, ...(spans.some(Boolean) ? { spans } : {}) },
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
