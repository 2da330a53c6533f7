import type { Redis } from 'ioredis';
import { plainLine } from '../domain/text/plain-text';
import { keys } from './keys';

/** The store's schema version, and data that versions before 0.2 stored apart from alerts. */
export function createVersion(redis: Redis) {
  return {
    /** 1 if none is stored. */
    get: async (): Promise<number> => Number((await redis.get(keys.storeVersion)) ?? 1),
    set: (version: number) => redis.set(keys.storeVersion, version),
    oldRevocations: async <T>(): Promise<T[]> =>
      (await redis.hvals(keys.oldRevocations)).map((doc) => JSON.parse(doc) as T),
    /** Exceptions pending approval, one line each. */
    oldPendingExceptions: async (): Promise<string[]> =>
      (await redis.hvals(keys.oldPendingExceptions)).map((doc) => {
        const { exception, by } = JSON.parse(doc) as { exception: { id: string }; by: { name: string } };
        return `${plainLine(by.name, 80)}: exception ${plainLine(exception.id, 60)}`;
      }),
    /** Call it once they are converted. */
    dropOld: () => redis.del(keys.oldRevocations, keys.oldPendingExceptions),
  };
}
