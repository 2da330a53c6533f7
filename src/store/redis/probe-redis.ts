import { within } from '../../runtime/within';
import { keys } from '../keys';
import { connect, type RedisAddress } from './connect';

const defaultTimeoutMs = 5000;

/**
 * Why Redis can't be used and how to fix it, in one line; null if it works. Waits at most five seconds by
 * default.
 */
export async function whyNoRedis(address: RedisAddress, withinMs = defaultTimeoutMs): Promise<string | null> {
  const redis = connect(address, { probe: true });
  let last: Error | null = null;
  redis.on('error', (error: Error) => {
    last = error;
  });
  try {
    await within(withinMs, use(redis), () => last ?? new Error('timeout'));
    return null;
  } catch (error) {
    return explain(last ?? (error as Error), withinMs);
  } finally {
    redis.disconnect();
  }
}

async function use(redis: ReturnType<typeof connect>): Promise<void> {
  await redis.connect();
  // If its database does not exist, a connection silently uses database 0.
  const { db } = redis.options ?? {};
  if (db) await redis.select(db);
  await redis.set(keys.probe, '1', 'PX', 1000);
}

/** A Redis error starts with its kind. @see https://redis.io/docs/latest/develop/reference/protocol-spec */
function explain(error: Error, withinMs: number): string {
  const { message } = error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/WRONGPASS|NOAUTH|invalid username-password|invalid password|without any password/i.test(message))
    return 'Redis refuses the password: correct the user and password in REDIS_URL';
  if (/READONLY/.test(message))
    return 'Redis is a read-only replica: set REDIS_URL to the master, or use redis-sentinel://';
  if (/DB index is out of range|SELECT is not allowed/i.test(message))
    return 'Redis has no such database: correct the number at the end of REDIS_URL';
  if (/NOPERM/.test(message)) return 'Redis refuses a command: the user in REDIS_URL lacks permission (ACL)';
  if (/LOADING/.test(message)) return 'Redis is loading its data: wait, then try again';
  if (/OOM/.test(message)) return 'Redis is full: give it more memory';
  if (code === 'ECONNREFUSED' || /ECONNREFUSED/.test(message))
    return 'Redis refuses the connection: nothing listens at the address in REDIS_URL';
  if (/ENOTFOUND|EAI_AGAIN/.test(`${code} ${message}`))
    return 'Redis is unreachable: the host name in REDIS_URL cannot be resolved';
  if (/timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/i.test(`${code} ${message}`))
    return `Redis is unreachable: no answer within ${withinMs / 1000} seconds from the address in REDIS_URL`;
  if (/certificate|SSL|TLS|EPROTO/i.test(`${code} ${message}`))
    return `TLS to Redis failed (${message.slice(0, 100)}): use rediss:// with TLS, redis:// without`;
  return `Redis cannot be used: ${message.slice(0, 200)}`;
}
