import type { Config } from '../../config';
import { describeRedis } from '../../store/describe-redis';
import { startEmbeddedRedis } from '../../store/embedded-redis';
import type { Report } from './report';

export async function checkRedis(config: Config, report: Report): Promise<void> {
  const embedded = config.redisUrl
    ? null
    : await startEmbeddedRedis(config.dataDir).catch((error: Error) => error);
  if (embedded instanceof Error) {
    report({ name: 'redis', ok: false, says: embedded.message, fix: 'npm run setup' });
    return;
  }
  const found = await describeRedis(embedded?.address ?? { url: config.redisUrl as string });
  if (!found) report({ name: 'redis', ok: false, says: 'does not answer', fix: 'check REDIS_URL' });
  else {
    report({
      name: 'redis version',
      ok: found.major >= 6,
      says: found.version,
      fix: 'use Redis 6.2 or later',
    });
    report({
      name: 'redis persistence',
      ok: found.appendOnly,
      says: found.appendOnly ? 'append-only file' : 'no append-only file: a crash of Redis loses alerts',
      fix: 'redis-cli CONFIG SET appendonly yes',
    });
    report({
      name: 'redis eviction',
      ok: found.policy === 'noeviction',
      says: found.policy,
      fix: 'redis-cli CONFIG SET maxmemory-policy noeviction',
    });
    report({
      name: 'clock',
      ok: Math.abs(found.skewMs) < 5000,
      says: `${Math.round(found.skewMs)} ms from Redis`,
      fix: 'let NTP set the clock of both machines',
    });
  }
  await embedded?.stop();
}
