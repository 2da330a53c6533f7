import type { Redis } from 'ioredis';
import type { Session } from '../../domain/alerts/groups';
import { keys } from '../keys';
import { updateValues } from '../redis/update-values';

/** As long as a late execution can still join. */
const keepSeconds = 8 * 86_400;

/** Sessions by caller and technique. */
export function createSessionsStore(redis: Redis) {
  async function list(sessionKeys: readonly string[]): Promise<Session[][]> {
    if (sessionKeys.length === 0) return [];
    return (await redis.mget(sessionKeys.map(keys.sessions))).map(parse);
  }

  /**
   * Updates the sessions of several keys. Retries those that another process changed in the meantime.
   * @param change pure function that returns the new sessions
   */
  const update = (
    sessionKeys: readonly string[],
    change: (sessionKey: string, known: Session[]) => Session[],
  ): Promise<void> =>
    updateValues(redis, sessionKeys, keys.sessions, keepSeconds, (sessionKey, before) =>
      JSON.stringify(change(sessionKey, parse(before))),
    );

  return { list, update };
}
export type SessionsStore = ReturnType<typeof createSessionsStore>;

const parse = (text: string | null | undefined): Session[] => (text ? (JSON.parse(text) as Session[]) : []);
