import type { Redis } from 'ioredis';
import type { Keyring } from '../runtime/keyring';
import { keys } from './keys';

const recheckMs = 30_000;

/**
 * Whether this process has the same RUNWATCH_SECRET as the others. The first process stores a fingerprint. A
 * process for which that is the previous secret replaces it.
 */
export function createSecretCheck(redis: Redis, now: () => number = Date.now) {
  let known: { fits: boolean; at: number } | null = null;

  return async ({ fingerprints }: Pick<Keyring, 'fingerprints'>): Promise<boolean> => {
    if (known && (known.fits || now() - known.at < recheckMs)) return known.fits;
    await redis.set(keys.secretCheck, fingerprints.current, 'NX');
    const written = await redis.get(keys.secretCheck);
    if (written !== null && written === fingerprints.previous)
      await redis.set(keys.secretCheck, fingerprints.current);
    const fits = written === fingerprints.current || written === fingerprints.previous;
    known = { fits, at: now() };
    return fits;
  };
}
