import type { Config } from '../../config/config';
import type { Report } from '../../config/doctor-check';
import { describeRedis } from '../../store/redis/describe-redis';
import { whyNoRedis } from '../../store/redis/probe-redis';
import { acquireEmbeddedRedis } from '../support/with-store';
import { checkRedisOwner } from './check-redis-owner';

/**
 * @param tenantId the tenant of the credential; null if it is not known
 * @returns whether Redis answers
 */
export async function checkRedis(config: Config, tenantId: string | null, report: Report): Promise<boolean> {
  const embedded = config.redisUrl
    ? null
    : await acquireEmbeddedRedis(config.dataDir).catch((error: Error) => error);
  if (embedded instanceof Error) {
    report({ name: 'redis', topic: 'redis', ok: false, says: embedded.message, fix: 'npm run setup' });
    return false;
  }
  const address = embedded?.address ?? { url: config.redisUrl as string };
  const why = await whyNoRedis(address);
  const found = why ? null : await describeRedis(address);
  if (!found)
    report({
      name: 'redis',
      topic: 'redis',
      ok: false,
      says: why ?? 'does not answer',
      fix: 'check REDIS_URL',
    });
  else {
    report({
      name: 'redis version',
      topic: 'redis-version',
      ok: found.major > 6 || (found.major === 6 && found.minor >= 2),
      says: found.version,
      fix: 'use Redis 6.2 or later',
    });
    report({
      name: 'redis persistence',
      topic: 'redis-persistence',
      ok: found.appendOnly,
      says: found.appendOnly ? 'append-only file' : 'no append-only file: a crash of Redis loses alerts',
      fix: 'redis-cli CONFIG SET appendonly yes',
    });
    report({
      name: 'redis eviction',
      topic: 'redis-eviction',
      ok: found.policy === 'noeviction',
      says: found.policy,
      fix: 'redis-cli CONFIG SET maxmemory-policy noeviction',
    });
    report({
      name: 'clock',
      topic: 'clock',
      ok: Math.abs(found.skewMs) < 5000,
      says: `differs from Redis by ${Math.round(found.skewMs)} ms`,
      fix: 'synchronize the clocks of both machines with NTP',
    });
    await checkRedisOwner(address, tenantId, report);
  }
  await embedded?.stop();
  return found !== null;
}
