import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { createKeyring } from '../../src/runtime/keyring';
import { connect, type RedisAddress } from '../../src/store/redis/connect';
import { startEmbeddedRedis } from '../../src/store/redis/embedded-redis';
import { createStore, type Store } from '../../src/store/store';

/** The secret of tests that start no bot. */
export const testSecret = 'a secret of these tests, long enough';
export const testKeyring = createKeyring({ current: testSecret, previous: null });

export interface OwnStore {
  store: Store;
  address: RedisAddress;
  /** RUNWATCH_DATA_DIR for commands that use this store. */
  dir: string;
  /** A connection of its own to what is stored. It ends with the store. */
  connect: () => Redis;
  stop: () => Promise<void>;
}

/** Starts a store on its own Redis. */
export async function startStore(surfaces: readonly string[] = []): Promise<OwnStore> {
  const dir = mkdtempSync(join(tmpdir(), 'runwatch-store-'));
  const redis = await startEmbeddedRedis(dir);
  const connections: Redis[] = [];
  const store = createStore(redis.address, surfaces, testKeyring.auditSigner());
  return {
    store,
    address: redis.address,
    dir,
    connect: () => {
      const connection = connect(redis.address);
      connections.push(connection);
      return connection;
    },
    stop: async () => {
      for (const connection of connections) connection.disconnect();
      await store.close();
      await redis.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
