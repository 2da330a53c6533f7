import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { limitKeyOf } from '../../../domain/network/limit-key';

/** The failed sign-ins of an address: ten in a minute block it for a while. */
export async function consumeOf(failures: RateLimiterAbstract, ip: string | undefined) {
  const address = limitKeyOf(ip);
  const before = await failures.get(address).catch(() => null);
  return {
    isSlow: before !== null && before.remainingPoints <= 0,
    count: async (): Promise<void> => {
      await failures.consume(address).catch(() => {});
    },
  };
}
