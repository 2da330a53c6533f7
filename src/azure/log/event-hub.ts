import type { TokenCredential } from '@azure/core-auth';
import type { CheckpointStore, EventHubConsumerClient, ReceivedEventData } from '@azure/event-hubs';
import type { EventHubConfig } from '../../config/config';

/** Some messages of one partition, in order. */
export interface HubBatch {
  partitionId: string;
  /** A message's body: {"records": […]} as Azure Monitor writes it, or bytes that are no JSON. */
  bodies: unknown[];
  /** Seconds since the hub took the last of them; null of an empty batch. */
  lagSeconds: number | null;
}

export interface HubReader {
  /** Resolves when the batch is safe; what throws is read again from the last checkpoint. */
  take: (batch: HubBatch) => Promise<void>;
  /** '' is the hub as a whole. */
  onFault: (partitionId: string, error: Error) => Promise<void>;
  checkpoints: CheckpointStore;
  /** Where a partition without a checkpoint begins, ms. */
  since: number;
}

/** Messages a batch: each is up to 1 MB. */
const batchSize = 100;
/** An empty batch comes this often, so that a quiet hub is known to be read. */
const quietSeconds = 10;

/**
 * Reads an event hub that a diagnostic setting exports the activity log to. Processes share its partitions; one that
 * dies loses them to the others within 20 seconds.
 * @see https://learn.microsoft.com/azure/azure-monitor/platform/activity-log#send-to-azure-event-hubs
 */
export async function readEventHub(
  hub: EventHubConfig,
  credential: TokenCredential,
  { take, onFault, checkpoints, since }: HubReader,
): Promise<{ stop: () => Promise<void> }> {
  const client = await connect(hub, credential, checkpoints);
  const subscription = client.subscribe(
    {
      processEvents: async (events, context) => {
        const last = events.at(-1);
        const { partitionId } = context;
        await take({ partitionId, bodies: events.map(bodyOf), lagSeconds: last ? lagOf(last) : null });
        if (last) await context.updateCheckpoint(last);
      },
      processError: (error, { partitionId }) => onFault(partitionId, lastOf(error)),
    },
    {
      startPosition: { enqueuedOn: since },
      maxBatchSize: batchSize,
      maxWaitTimeInSeconds: quietSeconds,
    },
  );
  // The SDK's own loop is silent for a minute and a half where a key is wrong or a hub has another name.
  client.getPartitionIds().catch((error: Error) => onFault('', lastOf(error)));
  return {
    stop: async () => {
      await subscription.close();
      await client.close();
    },
  };
}

/** A hub's partitions; throws what Event Hubs says against reading it. */
export async function partitionsOf(hub: EventHubConfig, credential: TokenCredential): Promise<string[]> {
  const client = await connect(hub, credential);
  try {
    return await client.getPartitionIds();
  } catch (error) {
    throw lastOf(error as Error);
  } finally {
    await client.close();
  }
}

/** The SDK is loaded only where a hub is set up: it takes half a second. */
async function connect(
  { connectionString, namespace, name, consumerGroup }: EventHubConfig,
  credential: TokenCredential,
  store?: CheckpointStore,
): Promise<EventHubConsumerClient> {
  const { EventHubConsumerClient } = await import('@azure/event-hubs');
  const options = {
    loadBalancingOptions: {
      strategy: 'greedy' as const,
      updateIntervalInMs: 5000,
      partitionOwnershipExpirationIntervalInMs: 20_000,
    },
    retryOptions: { maxRetries: 2, retryDelayInMs: 1000, timeoutInMs: 15_000 },
  };
  if (connectionString)
    return store
      ? new EventHubConsumerClient(consumerGroup, connectionString, name, store, options)
      : new EventHubConsumerClient(consumerGroup, connectionString, name, options);
  return store
    ? new EventHubConsumerClient(consumerGroup, namespace as string, name, credential, store, options)
    : new EventHubConsumerClient(consumerGroup, namespace as string, name, credential, options);
}

/** Of an error that says nothing but gathers its tries', the last try's. */
const lastOf = (error: Error): Error =>
  error instanceof AggregateError ? ((error.errors.at(-1) as Error | undefined) ?? error) : error;

const bodyOf = ({ body }: ReceivedEventData): unknown =>
  Buffer.isBuffer(body) ? body.toString('utf8') : body;

const lagOf = ({ enqueuedTimeUtc }: ReceivedEventData) =>
  Math.max(0, (Date.now() - enqueuedTimeUtc.getTime()) / 1000);
