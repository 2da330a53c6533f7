import type { Redis } from 'ioredis';
import { keys } from './keys';

/** Notes which tenant the bot of this Redis reads. */
export function createOwner(redis: Redis) {
  return {
    /** The tenant of the bot that claimed this Redis, lower case; null if none has. */
    get: (): Promise<string | null> => redis.get(keys.ownerTenant),
    /**
     * Claims this Redis for a bot whose credential belongs to this tenant.
     * @returns the tenant of the bot that claimed it before, lower case; the given one if it is ours
     */
    claimFor: async (tenant: string): Promise<string> => {
      await redis.set(keys.ownerTenant, tenant.toLowerCase(), 'NX');
      return ((await redis.get(keys.ownerTenant)) ?? tenant).toLowerCase();
    },
  };
}
