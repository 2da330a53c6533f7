import type { Config } from '../config';
import type { RedisAddress } from '../store/connect';
import { startEmbeddedRedis } from '../store/embedded-redis';
import { createStore, type Store } from '../store/store';

/** Runs a command against what the bot keeps: its Redis when it runs, else the embedded one for as long as it takes. */
export async function withStore<T>(
  config: Config,
  work: (store: Store, address: RedisAddress) => Promise<T>,
): Promise<T> {
  const embedded = config.redisUrl ? null : await startEmbeddedRedis(config.dataDir);
  const address = embedded?.address ?? { url: config.redisUrl as string };
  const store = createStore(address, []);
  try {
    return await work(store, address);
  } finally {
    await store.close();
    await embedded?.stop();
  }
}
