import { within } from '../../runtime/within';
import { keys } from '../keys';
import { connect, type RedisAddress } from './connect';

const patienceMs = 5000;

/**
 * Why a Redis can't be used, in one line with what to do; null when it can. Never waits longer than five seconds.
 */
export async function whyNoRedis(address: RedisAddress, withinMs = patienceMs): Promise<string | null> {
  const redis = connect(address, { probe: true });
  let last: Error | null = null;
  redis.on('error', (error: Error) => {
    last = error;
  });
  try {
    await within(withinMs, use(redis), () => last ?? new Error('timeout'));
    return null;
  } catch (error) {
    return inWords(last ?? (error as Error), withinMs);
  } finally {
    redis.disconnect();
  }
}

async function use(redis: ReturnType<typeof connect>): Promise<void> {
  await redis.connect();
  // A connection goes on in database 0 where its own does not exist.
  const { db } = redis.options ?? {};
  if (db) await redis.select(db);
  await redis.set(keys.probe, '1', 'PX', 1000);
}

/** @see https://redis.io/docs/latest/develop/reference/protocol-spec: an error begins with its kind. */
function inWords(error: Error, withinMs: number): string {
  const { message } = error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/WRONGPASS|NOAUTH|invalid username-password|invalid password|without any password/i.test(message))
    return 'Redis refuses the password: correct the user and password in REDIS_URL';
  if (/READONLY/.test(message))
    return 'Redis is read-only, a replica: name the master in REDIS_URL, or use redis-sentinel://';
  if (/DB index is out of range|SELECT is not allowed/i.test(message))
    return 'Redis has no such database: correct the number at the end of REDIS_URL';
  if (/NOPERM/.test(message)) return 'Redis refuses a command: the user in REDIS_URL lacks rights (ACL)';
  if (/LOADING/.test(message)) return 'Redis still loads its data: wait, then try again';
  if (/OOM/.test(message)) return 'Redis is full: give it more memory';
  if (code === 'ECONNREFUSED' || /ECONNREFUSED/.test(message))
    return 'Redis refuses the connection: nothing listens at the address in REDIS_URL';
  if (/ENOTFOUND|EAI_AGAIN/.test(`${code} ${message}`))
    return 'Redis is unreachable: the host name in REDIS_URL is not known';
  if (/timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/i.test(`${code} ${message}`))
    return `Redis is unreachable: no answer within ${withinMs / 1000} seconds from the address in REDIS_URL`;
  if (/certificate|SSL|TLS|EPROTO/i.test(`${code} ${message}`))
    return `Redis does not speak TLS as expected (${message.slice(0, 100)}): redis:// is without, rediss:// with it`;
  return `Redis can not be used: ${message.slice(0, 200)}`;
}
