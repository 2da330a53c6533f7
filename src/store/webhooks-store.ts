import type { Redis } from 'ioredis';
import { z } from 'zod';
import { shortDigest } from '../domain/text/short-digest';
import { keys } from './keys';

/** How a webhook's destination answers. Times are ms. */
export interface WebhookState {
  /** When it last accepted a message; null if it did not yet. */
  acceptedAt: number | null;
  /** When it last failed; null if it did not yet. */
  failedAt: number | null;
  error: string | null;
  /** When it answered that it is gone (410), so that nothing is sent; null otherwise. */
  goneAt: number | null;
  /** When changes were no longer kept by the time they were to be sent; null if never. */
  lostAt: number | null;
}

const number = z.coerce.number().nullable().catch(null).default(null);
const stateSchema = z.object({
  acceptedAt: number,
  failedAt: number,
  error: z.string().nullable().default(null),
  goneAt: number,
  goneUrl: z.string().optional(),
  lostAt: number,
});

const maxError = 300;
const keepSeconds = 400 * 86_400;

/** What is known of each webhook's destination, of all processes. */
export function createWebhooksStore(redis: Redis) {
  async function set(name: string, fields: Record<string, string | number>): Promise<void> {
    const key = keys.webhook(name);
    await redis.multi().hset(key, fields).expire(key, keepSeconds).exec();
  }

  /** @param url another URL than the one that was gone is tried again */
  async function stateOf(name: string, url: string): Promise<WebhookState> {
    const { goneUrl, goneAt, ...state } = stateSchema.parse(await redis.hgetall(keys.webhook(name)));
    return { ...state, goneAt: goneUrl === shortDigest(url) ? goneAt : null };
  }

  return {
    stateOf,
    accepted: (name: string, at: number) => set(name, { acceptedAt: at }),
    failed: (name: string, at: number, error: string) =>
      set(name, { failedAt: at, error: error.slice(0, maxError) }),
    gone: (name: string, url: string, at: number) => set(name, { goneAt: at, goneUrl: shortDigest(url) }),
    lost: (name: string, at: number) => set(name, { lostAt: at }),
    noteConfigured: async (names: readonly string[], at: number): Promise<void> => {
      if (names.length > 0) await redis.zadd(keys.webhooks, ...names.flatMap((name) => [at, name]));
    },
    /** Names that were not configured at or after a time, ms. */
    configuredBefore: (at: number): Promise<string[]> => redis.zrangebyscore(keys.webhooks, '-inf', `(${at}`),
    forget: (name: string) => redis.multi().del(keys.webhook(name)).zrem(keys.webhooks, name).exec(),
    /** Sends to a destination that was gone again. */
    enable: (name: string) => redis.hdel(keys.webhook(name), 'goneAt', 'goneUrl'),
  };
}
export type WebhooksStore = ReturnType<typeof createWebhooksStore>;
