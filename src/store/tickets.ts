import type { Redis } from 'ioredis';
import { keys } from './keys';
import { graceSeconds } from './search-index';

/** Which alert opened an incident elsewhere. Kept as long as the alert: each change of the alert notes it again. */
export function createTickets(redis: Redis, keepSeconds: number) {
  return {
    note: (place: string, ticket: string, alertId: string) =>
      redis.set(keys.ticket(place, ticket), alertId, 'EX', keepSeconds + graceSeconds),
    alertOf: (place: string, ticket: string): Promise<string | null> => redis.get(keys.ticket(place, ticket)),
  };
}
