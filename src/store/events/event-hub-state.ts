import type { Redis } from 'ioredis';
import { keys } from '../keys';
import { script } from '../redis/lua-script';

/** A partition of a hub and consumer group, with the field names of @azure/event-hubs. */
interface Partition {
  fullyQualifiedNamespace: string;
  eventHubName: string;
  consumerGroup: string;
  partitionId: string;
}

export interface PartitionOwnership extends Partition {
  ownerId: string;
  /** Redis time, ms. */
  lastModifiedTimeInMs?: number;
  /** Changes with every claim. */
  etag?: string;
}

/** The last event ingested from a partition. */
export interface Checkpoint extends Partition {
  sequenceNumber: number;
  offset: string;
}

/** Read status of a partition. An empty partitionId means the whole hub. */
export interface PartitionHealth {
  partitionId: string;
  /** RFC 3339. */
  at: string;
  error: string | null;
}

/** Longer than a hub can keep events (90 days), s. */
const keptSeconds = 100 * 86_400;

/** Claims a partition unless its ownership changed since it was read. */
const claim = script(`
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and cjson.decode(held).etag ~= ARGV[2] then return nil end
local time = redis.call('TIME')
local claimed = cjson.decode(ARGV[3])
claimed.lastModifiedTimeInMs = time[1] * 1000 + math.floor(time[2] / 1000)
local doc = cjson.encode(claimed)
redis.call('HSET', KEYS[1], ARGV[1], doc)
redis.call('EXPIRE', KEYS[1], ${keptSeconds})
return doc`);

/** Partition ownership and checkpoints of event hubs, shared by all reading processes. */
export function createEventHubState(redis: Redis) {
  const field = (partition: Partition) => partition.partitionId;
  const groupOf = (namespace: string, hub: string, group: string) =>
    [namespace, hub, group].join('/').toLowerCase();
  const hashOf = (p: Partition) => groupOf(p.fullyQualifiedNamespace, p.eventHubName, p.consumerGroup);
  const listed = async <T>(key: string) =>
    Object.values(await redis.hgetall(key)).map((doc) => JSON.parse(doc) as T);

  return {
    /** Implements CheckpointStore of @azure/event-hubs. */
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
        const key = keys.hubCheckpoints(hashOf(checkpoint));
        await redis
          .multi()
          .hset(key, field(checkpoint), JSON.stringify(checkpoint))
          .expire(key, keptSeconds)
          .exec();
      },
      listCheckpoints: (namespace: string, hub: string, group: string) =>
        listed<Checkpoint>(keys.hubCheckpoints(groupOf(namespace, hub, group))),
    },
    /** A healthy partition clears the error of the whole hub. */
    putHealth: async (hub: string, health: PartitionHealth) => {
      const key = keys.hubHealth(hub);
      const transaction = redis.multi();
      transaction.hset(key, health.partitionId, JSON.stringify(health));
      if (health.partitionId && !health.error) transaction.hdel(key, '');
      transaction.expire(key, keptSeconds);
      await transaction.exec();
    },
    health: (hub: string) => listed<PartitionHealth>(keys.hubHealth(hub)),
  };
}
export type EventHubState = ReturnType<typeof createEventHubState>;
