import type { Redis } from 'ioredis';
import { keys } from '../keys';
import { script } from '../redis/lua-script';

/** Which partition of which hub, read for which consumer group; as @azure/event-hubs names them. */
interface Partition {
  fullyQualifiedNamespace: string;
  eventHubName: string;
  consumerGroup: string;
  partitionId: string;
}

export interface PartitionOwnership extends Partition {
  ownerId: string;
  /** By Redis's clock, ms. */
  lastModifiedTimeInMs?: number;
  /** Changes with every claim. */
  etag?: string;
}

/** The last event of a partition that was taken in. */
export interface Checkpoint extends Partition {
  sequenceNumber: number;
  offset: string;
}

/** How the reading of a partition goes; '' stands for the hub as a whole. */
export interface PartitionHealth {
  partitionId: string;
  /** RFC 3339. */
  at: string;
  error: string | null;
}

/** Takes a partition if nobody did since it was looked at. */
const claim = script(`
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and cjson.decode(held).etag ~= ARGV[2] then return nil end
local time = redis.call('TIME')
local claimed = cjson.decode(ARGV[3])
claimed.lastModifiedTimeInMs = time[1] * 1000 + math.floor(time[2] / 1000)
local doc = cjson.encode(claimed)
redis.call('HSET', KEYS[1], ARGV[1], doc)
return doc`);

/** Ownership and checkpoints of an event hub's partitions, shared by all processes that read it. */
export function createEventHubState(redis: Redis) {
  const field = (partition: Partition) => partition.partitionId;
  const groupOf = (namespace: string, hub: string, group: string) =>
    [namespace, hub, group].join('/').toLowerCase();
  const hashOf = (p: Partition) => groupOf(p.fullyQualifiedNamespace, p.eventHubName, p.consumerGroup);
  const listed = async <T>(key: string) =>
    Object.values(await redis.hgetall(key)).map((doc) => JSON.parse(doc) as T);

  return {
    /** What @azure/event-hubs asks of a CheckpointStore. */
    checkpoints: {
      listOwnership: (namespace: string, hub: string, group: string) =>
        listed<PartitionOwnership>(keys.hubOwnership(groupOf(namespace, hub, group))),
      claimOwnership: async (wanted: PartitionOwnership[]) => {
        const claims = await Promise.all(
          wanted.map((ownership) => {
            const doc = JSON.stringify({ ...ownership, etag: crypto.randomUUID() });
            return claim(
              redis,
              [keys.hubOwnership(hashOf(ownership))],
              [field(ownership), ownership.etag ?? '', doc],
            );
          }),
        );
        return claims.flatMap((doc) => (doc ? [JSON.parse(String(doc)) as PartitionOwnership] : []));
      },
      updateCheckpoint: async (checkpoint: Checkpoint) => {
        await redis.hset(
          keys.hubCheckpoints(hashOf(checkpoint)),
          field(checkpoint),
          JSON.stringify(checkpoint),
        );
      },
      listCheckpoints: (namespace: string, hub: string, group: string) =>
        listed<Checkpoint>(keys.hubCheckpoints(groupOf(namespace, hub, group))),
    },
    /** A partition that is read clears what was wrong with the hub as a whole. */
    putHealth: async (hub: string, health: PartitionHealth) => {
      const key = keys.hubHealth(hub);
      const transaction = redis.multi();
      transaction.hset(key, health.partitionId, JSON.stringify(health));
      if (health.partitionId && !health.error) transaction.hdel(key, '');
      await transaction.exec();
    },
    health: (hub: string) => listed<PartitionHealth>(keys.hubHealth(hub)),
  };
}
export type EventHubState = ReturnType<typeof createEventHubState>;
