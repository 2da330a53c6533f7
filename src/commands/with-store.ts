import type { Config } from '../config';
import { createKeyring, type Keyring } from '../keyring';
import type { RedisAddress } from '../store/connect';
import { startEmbeddedRedis } from '../store/embedded-redis';
import { readSecretFile } from '../store/secret-file';
import { createStore, type Store } from '../store/store';

/**
 * Runs a command against what the bot keeps: its Redis when it runs, else the embedded one for as long as it takes. The
 * keyring is null where REDIS_URL is set without RUNWATCH_SECRET: then nothing can be signed.
 */
export async function withStore<T>(
  config: Config,
  work: (store: Store, address: RedisAddress, keyring: Keyring | null) => Promise<T>,
): Promise<T> {
  const embedded = config.redisUrl ? null : await startEmbeddedRedis(config.dataDir);
  const address = embedded?.address ?? { url: config.redisUrl as string };
  const store = createStore(address, surfacesOf(config));
  store.onError(() => {});
  try {
    const secrets =
      config.secrets ?? (embedded ? { current: readSecretFile(config.dataDir), previous: null } : null);
    return await work(store, address, secrets && createKeyring(secrets));
  } finally {
    await store.close();
    await embedded?.stop();
  }
}

/** The surfaces that messages are posted to, by name. */
const surfacesOf = ({ slack, teams }: Config): string[] => [
  ...(slack ? ['slack'] : []),
  ...(teams ? ['teams'] : []),
];
