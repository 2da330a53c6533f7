import { connect, type RedisAddress } from './connect';

export interface RedisDescription {
  version: string;
  major: number;
  minor: number;
  appendOnly: boolean;
  policy: string;
  /** Redis's clock minus the host's clock, ms. */
  skewMs: number;
}

/** A Redis server's version and settings; null if it does not respond. */
export async function describeRedis(address: RedisAddress): Promise<RedisDescription | null> {
  const redis = connect(address, { probe: true });
  redis.on('error', () => {});
  try {
    await redis.connect();
    const info = await redis.info();
    const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
    const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
    const version = field('redis_version');
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return {
      version,
      major,
      minor,
      appendOnly: field('aof_enabled') === '1',
      policy: field('maxmemory_policy') || 'unknown',
      skewMs: seconds * 1000 + micros / 1000 - Date.now(),
    };
  } catch {
    return null;
  } finally {
    redis.disconnect();
  }
}
