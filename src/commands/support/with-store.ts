import type { Config } from '../../config/config';
import { createKeyring, type Keyring } from '../../runtime/keyring';
import type { RedisAddress } from '../../store/redis/connect';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../store/redis/embedded-redis';
import { whyNoRedis } from '../../store/redis/probe-redis';
import { readSecretFile } from '../../store/redis/secret-file';
import { createStore, type Store } from '../../store/store';
import { CommandError } from './output';

/**
 * Runs a command against what the bot keeps: its Redis when it runs, else the embedded one for as long as it takes. The
 * keyring is null where REDIS_URL is set without RUNWATCH_SECRET: then nothing can be signed.
 */
export async function withStore<T>(
  config: Config,
  work: (store: Store, address: RedisAddress, keyring: Keyring | null) => Promise<T>,
): Promise<T> {
  const embedded = config.redisUrl ? null : await borrowEmbeddedRedis(config.dataDir);
  const address = embedded?.address ?? { url: config.redisUrl as string };
  const why = embedded ? null : await whyNoRedis(address);
  if (why) throw new CommandError(why, 1);
  const secrets =
    config.secrets ?? (embedded ? { current: readSecretFile(config.dataDir), previous: null } : null);
  const keyring = secrets && createKeyring(secrets);
  const store = createStore(address, surfacesOf(config), keyring?.auditSigner());
  store.onError(() => {});
  try {
    return await work(store, address, keyring);
  } finally {
    await store.close();
    await embedded?.stop();
  }
}

/** An interrupted command leaves the embedded Redis as a finished one does: the last to leave ends it. */
export async function borrowEmbeddedRedis(dataDir: string): Promise<EmbeddedRedis> {
  const starting = startEmbeddedRedis(dataDir);
  const interrupted = () =>
    void starting
      .then(({ stop }) => stop())
      .catch(() => {})
      .finally(() => process.exit(130));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, interrupted);
  const forget = () => {
    for (const signal of signals) process.off(signal, interrupted);
  };
  try {
    const { address, stop } = await starting;
    return { address, stop: () => stop().finally(forget) };
  } catch (error) {
    forget();
    throw error;
  }
}

/** The surfaces that messages are posted to, by name. */
const surfacesOf = ({ slack, teams }: Config): string[] => [
  ...(slack ? ['slack'] : []),
  ...(teams ? ['teams'] : []),
];
