import type { TokenCredential } from '@azure/core-auth';
import type { CheckpointStore, EventHubConsumerClient, ReceivedEventData } from '@azure/event-hubs';
import type { EventHubConfig } from '../../config/config';

/** Messages from one partition, in order. */
export interface HubBatch {
  partitionId: string;
  /** Message bodies: {"records": […]} as Azure Monitor writes them, or non-JSON bytes. */
  bodies: unknown[];
  /** Seconds since the hub received the last message; null for an empty batch. */
  lagSeconds: number | null;
}

export interface HubReader {
  /** Resolves when the batch is stored. If it throws, the batch is read again from the last checkpoint. */
  take: (batch: HubBatch) => Promise<void>;
  /** An empty partitionId means the whole hub. */
  onFault: (partitionId: string, error: Error) => Promise<void>;
  checkpoints: CheckpointStore;
  /** Where to start in a partition without a checkpoint, ms. */
  since: number;
}

/** Messages per batch. Each is up to 1 MB. */
const batchSize = 100;
/** An idle hub delivers an empty batch this often, which shows that it is still being read. */
const idleBatchSeconds = 10;

/**
 * Reads an event hub that a diagnostic setting exports the activity log to. Processes share its partitions.
 * If one dies, the others take over its partitions within 20 seconds.
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
      processError: (error, { partitionId }) => onFault(partitionId, lastErrorOf(error)),
    },
    {
      startPosition: { enqueuedOn: since },
      maxBatchSize: batchSize,
      maxWaitTimeInSeconds: idleBatchSeconds,
    },
  );
  // With a wrong key or hub name, the SDK's own loop reports nothing for 90 seconds.
  client.getPartitionIds().catch((error: Error) => onFault('', lastErrorOf(error)));
  return {
    stop: async () => {
      await subscription.close();
      await client.close();
    },
  };
}

/** A hub's partitions; throws the error from Event Hubs if the hub can't be read. */
export async function partitionsOf(hub: EventHubConfig, credential: TokenCredential): Promise<string[]> {
  const client = await connect(hub, credential);
  try {
    return await client.getPartitionIds();
  } catch (error) {
    throw lastErrorOf(error as Error);
  } finally {
    await client.close();
  }
}

/** Loads the SDK only when a hub is configured, because loading takes half a second. */
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

/** The last attempt's error, if the error only aggregates those of several attempts. */
const lastErrorOf = (error: Error): Error =>
  error instanceof AggregateError ? ((error.errors.at(-1) as Error | undefined) ?? error) : error;

const bodyOf = ({ body }: ReceivedEventData): unknown =>
  Buffer.isBuffer(body) ? body.toString('utf8') : body;

const lagOf = ({ enqueuedTimeUtc }: ReceivedEventData) =>
  Math.max(0, (Date.now() - enqueuedTimeUtc.getTime()) / 1000);
