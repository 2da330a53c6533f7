import { type Job, type Processor, Queue, type QueueOptions, Worker, type WorkerOptions } from 'bullmq';
import type { PressJob } from '../actions/action';
import type { ActivityEvent } from '../domain/activity/activity-event';
import type { WebhookEvent } from '../domain/webhooks/webhook-event';
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
/** A change to send to one webhook. The destination is the queue's. */
export interface WebhookJob {
  cursor: string;
  event: WebhookEvent;
  /** Id of the alert, measure, exception or notice. */
  id: string;
  /** When it changed, ms. */
  at: number;
}

/** A message to post for the first time, and the span of its alert. */
export interface FirstMessage {
  id: string;
  span: string | null;
}

/** Tells the systems that an alert was escalated to its state. Without an alert: finds changed alerts. */
export interface TicketJob {
  alertId?: string;
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
  queueWebhooks: unknown;
  respond: PressJob;
  tickets: TicketJob;
}

export type QueueName = keyof JobData;

/**
 * The queues whose jobs continue a trace. Scheduled jobs would keep one trace for ever.
 */
const traced: ReadonlySet<string> = new Set([
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

/**
 * Waits before each further attempt to send a webhook, in seconds: a day in total.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const webhookRetryDelays: readonly number[] = [
  5, 30, 120, 600, 1800, 3600, 7200, 14_400, 21_600, 36_900,
];

/** A destination's wish to wait longer than the back-off, ms. */
export class RetryLaterError extends Error {
  constructor(
    message: string,
    readonly afterMs: number,
  ) {
    super(message);
  }
}

const webhookBackoff = (attempts: number, error?: Error) => {
  const delayMs = (webhookRetryDelays[attempts - 1] ?? 0) * 1000;
  // Many messages that failed together are not tried again together.
  const spreadMs = delayMs * (0.9 + Math.random() * 0.2);
  return Math.max(spreadMs, error instanceof RetryLaterError ? error.afterMs : 0);
};

/** @param webhooks names of the configured webhooks, each with a queue of its own: a slow one delays no other */
export function createQueues(address: RedisAddress, log: Log, webhooks: readonly string[] = []) {
  const connection = connect(address);
  const warn = rateLimitedWarn(log);
  connection.on('error', (error) => warn(error, 'Redis does not answer; waiting for it'));
  const telemetry = queueTelemetry();
  const tracing = (name: string) => (telemetry && traced.has(name) ? { telemetry } : {});
  const options = (defaults: QueueOptions['defaultJobOptions']): QueueOptions => ({
    connection,
    prefix: queuePrefix,
    defaultJobOptions: {
      removeOnComplete: true,
      removeOnFail: { count: 1000, age: 7 * 86_400 },
      ...defaults,
    },
  });
  const queue = <Name extends QueueName>(name: Name, defaults: QueueOptions['defaultJobOptions']) =>
    new Queue<JobData[Name]>(name, { ...options(defaults), ...tracing(name) });
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
    queueWebhooks: queue('queueWebhooks', { removeOnFail: true }),
    sweep: queue('sweep', { removeOnFail: true }),
    watchMeasures: queue('watchMeasures', { removeOnFail: true }),
    reviewAccess: queue('reviewAccess', { attempts: 10, backoff }),
    copyAudit: queue('copyAudit', { removeOnFail: true }),
    sentinel: queue('sentinel', { removeOnFail: true }),
    digest: queue('digest', { attempts: 10, backoff }),
    respond: queue('respond', persistentRetries),
    tickets: queue('tickets', persistentRetries),
  };
  const webhookQueues = new Map(
    webhooks.map((name) => [
      name,
      new Queue<WebhookJob>(
        `webhooks.${name}`,
        options({
          attempts: webhookRetryDelays.length + 1,
          backoff: { type: 'webhook' },
          // A change that is queued again after a crash must still be known.
          removeOnComplete: { count: 1000 },
        }),
      ),
    ]),
  );
  const all: readonly Queue[] = [...Object.values(queues), ...webhookQueues.values()] as Queue[];
  for (const queue of all) queue.on('error', (error) => warn(error, 'Redis does not answer; waiting for it'));
  const workers: Worker[] = [];
  const connections = [connection];
  let closed = false;

  const work = <Name extends QueueName>(
    name: Name,
    process: Processor<JobData[Name]>,
    extra: Partial<WorkerOptions> = {},
  ): void => startWorker(name, process, extra);

  /** @throws {Error} if the queues are closed: a worker started now would never be closed */
  function startWorker<Data>(name: string, process: Processor<Data>, extra: Partial<WorkerOptions>): void {
    if (closed) throw new Error(`the queue ${name} is closed`);
    const own = connect(address);
    own.on('error', () => {});
    connections.push(own);
    const worker = new Worker<Data>(name, process, {
      connection: own,
      prefix: queuePrefix,
      ...tracing(name),
      lockDuration: lockMs,
      stalledInterval: lockMs / 3,
      maxStalledCount: 1000,
      settings: {
        backoffStrategy: (attempts, type, error) =>
          type === 'webhook' ? webhookBackoff(attempts, error) : backoffStrategy(attempts),
      },
      ...extra,
    });
    worker.on('error', (error) => warn(error, `the queue ${name} has a Redis error`));
    worker.on('failed', (job: Job<Data> | undefined, error) => {
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
    /** By the webhook's name. */
    webhooks: webhookQueues as ReadonlyMap<string, Queue<WebhookJob>>,
    /** Removes the queue of a webhook that is no longer configured, with its jobs. */
    dropWebhook: async (name: string) => {
      const queue = new Queue(`webhooks.${name}`, { connection, prefix: queuePrefix });
      await queue.obliterate({ force: true });
      await queue.close();
    },
    workWebhook: (name: string, process: Processor<WebhookJob>, extra: Partial<WorkerOptions>) =>
      startWorker(`webhooks.${name}`, process, extra),
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
        all.map(
          async (queue) =>
            [queue.name, await queue.getJobCounts('waiting', 'active', 'delayed', 'failed')] as const,
        ),
      );
      return Object.fromEntries(entries);
    },
    /** Age of the oldest waiting job per queue, in seconds. */
    oldestAges: async (now: number): Promise<Record<string, number>> => {
      const entries = await Promise.all(
        all.map(async (queue) => {
          const oldest = await queue.getJobs(['waiting', 'prioritized'], 0, 0, true);
          const ages = oldest.map(({ timestamp }) => (now - timestamp) / 1000);
          return [queue.name, Math.max(0, ...ages)] as const;
        }),
      );
      return Object.fromEntries(entries);
    },
    all: () => all,
    /** Takes no new jobs and waits for those in progress. */
    close: async () => {
      closed = true;
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all(all.map((queue) => queue.close()));
      for (const each of connections) each.disconnect();
    },
    /** Drops the jobs in progress. Their locks expire, and another process reruns them. */
    abandon: () => {
      for (const each of connections) each.disconnect();
    },
  };
}
export type Queues = ReturnType<typeof createQueues>;
