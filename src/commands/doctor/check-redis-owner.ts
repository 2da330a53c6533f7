import type { Report } from '../../config/doctor-check';
import { plainLine } from '../../domain/text/plain-text';
import type { RedisAddress } from '../../store/redis/connect';
import { createStore } from '../../store/store';

/**
 * Whether this Redis is that of another bot: one whose credential is of another tenant. Claims nothing.
 * @param tenantId our tenant; null if it is not known, in which case there is nothing to compare
 */
export async function checkRedisOwner(
  address: RedisAddress,
  tenantId: string | null,
  report: Report,
): Promise<void> {
  if (!tenantId) return;
  const store = createStore(address, []);
  store.onError(() => {});
  try {
    const owner = await store.owner.get();
    const ours = owner === null || owner === tenantId.toLowerCase();
    report({
      name: 'redis owner',
      topic: 'redis-owner',
      ok: ours,
      says:
        owner === null
          ? 'no bot has used it yet'
          : ours
            ? `the bot of tenant ${tenantId}`
            : `the bot of tenant ${plainLine(owner, 60)}, and the credential here is of tenant ${plainLine(tenantId, 60)}`,
      fix: 'set REDIS_URL to another Redis or database (redis://HOST:6379/1), or RUNWATCH_DATA_DIR to another folder',
    });
  } finally {
    await store.close();
  }
}
