import type { Config } from '../../config/config';
import { createKeyring, type Keyring } from '../../runtime/keyring';
import type { RedisAddress } from '../../store/redis/connect';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../store/redis/embedded-redis';
import { whyNoRedis } from '../../store/redis/probe-redis';
import { readSecretFile } from '../../store/redis/secret-file';
import { createStore, type Store } from '../../store/store';
import { CommandError } from './output';

/**
 * Runs a command against the bot's store: the Redis of REDIS_URL, or the embedded Redis while the command
 * runs. The keyring is null if REDIS_URL is set without RUNWATCH_SECRET, so nothing can be signed.
 */
export async function withStore<T>(
  config: Config,
  work: (store: Store, address: RedisAddress, keyring: Keyring | null) => Promise<T>,
): Promise<T> {
  const embedded = config.redisUrl ? null : await acquireEmbeddedRedis(config.dataDir);
  const address = embedded?.address ?? { url: config.redisUrl as string };
  const why = embedded ? null : await whyNoRedis(address);
  if (why) throw new CommandError(why, 1);
  const secrets =
    config.secrets ?? (embedded ? { current: readSecretFile(config.dataDir), previous: null } : null);
  const keyring = secrets && createKeyring(secrets);
  const store = createStore(address, Object.keys(config.surfaces), keyring?.auditSigner(), config.keepDays);
  store.onError(() => {});
  try {
    return await work(store, address, keyring);
  } finally {
    await store.close();
    await embedded?.stop();
  }
}

/** Also releases the embedded Redis on interrupt. The last process that releases it stops it. */
export async function acquireEmbeddedRedis(dataDir: string): Promise<EmbeddedRedis> {
  const starting = startEmbeddedRedis(dataDir);
  const interrupted = () =>
    void starting
      .then(({ stop }) => stop())
      .catch(() => {})
      .finally(() => process.exit(130));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, interrupted);
  const removeHandlers = () => {
    for (const signal of signals) process.off(signal, interrupted);
  };
  try {
    const { address, stop } = await starting;
    return { address, stop: () => stop().finally(removeHandlers) };
  } catch (error) {
    removeHandlers();
    throw error;
  }
}
