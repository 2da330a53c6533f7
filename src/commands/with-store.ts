import type { Config } from '../config';
import { startEmbeddedRedis } from '../store/embedded-redis';
import { createStore, type Store } from '../store/store';

/** Runs a command against what the bot keeps: its Redis when it runs, else the embedded one for as long as it takes. */
export async function withStore<T>(config: Config, work: (store: Store) => Promise<T>): Promise<T> {
  const embedded = config.redisUrl ? null : await startEmbeddedRedis(config.dataDir);
  const store = createStore(embedded?.address ?? { url: config.redisUrl as string }, []);
  try {
    return await work(store);
  } finally {
    await store.close();
    await embedded?.stop();
  }
}
