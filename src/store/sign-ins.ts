import type { Redis } from 'ioredis';
import { keys } from './keys';
import { script } from './redis/lua-script';
import { updateValues } from './redis/update-values';

/** Tells the streams of a session that it ended, on the channel of changed alerts. */
const endedPrefix = 'ended ';

/** Adds a session, and ends the person's oldest ones beyond the limit. */
const addSession = script(`
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[5])
local extra = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if extra > 0 then
  for _, key in ipairs(redis.call('ZPOPMIN', KEYS[2], extra)) do
    if string.sub(key, 1, 1) == '{' then
      redis.call('DEL', key)
      redis.call('PUBLISH', '${keys.changes}', '${endedPrefix}' .. string.match(key, '[^:]+$'))
    end
  end
end`);

/** Sessions of people who signed in to the console. All values are sealed by the caller. */
export function createSignIns(redis: Redis) {
  return {
    session: (id: string) => redis.get(keys.signInSession(id)),
    /**
     * @param listSeconds how long a session may last: the person's sessions are counted for so long
     * @param most sessions of a person; the oldest end
     */
    addSession: async (
      id: string,
      person: string,
      sealed: string,
      { seconds, listSeconds, at, most }: { seconds: number; listSeconds: number; at: number; most: number },
    ): Promise<void> => {
      await addSession(
        redis,
        [keys.signInSession(id), keys.signInSessionsOf(person)],
        [sealed, seconds, at, most, listSeconds],
      );
    },
    /** Changes a session that still exists. @param change pure function */
    changeSession: (id: string, seconds: number, change: (sealed: string) => string): Promise<void> =>
      updateValues(redis, [id], keys.signInSession, seconds, (_, before) =>
        before === '' ? '' : change(before),
      ),
    endSession: async (id: string, person: string): Promise<void> => {
      const key = keys.signInSession(id);
      await redis
        .multi()
        .del(key)
        .zrem(keys.signInSessionsOf(person), key)
        .publish(keys.changes, `${endedPrefix}${id}`)
        .exec();
    },
    /** Groups by the issuer's claim, for the processes that perform actions. */
    groups: (person: string) => redis.get(keys.signInGroups(person)),
    noteGroups: async (person: string, sealed: string, seconds: number): Promise<void> => {
      await redis.set(keys.signInGroups(person), sealed, 'EX', seconds);
    },
    forgetGroups: async (person: string): Promise<void> => {
      await redis.del(keys.signInGroups(person));
    },
    /** True the first time only. */
    use: async (id: string, seconds: number): Promise<boolean> =>
      (await redis.set(keys.usedSignIn(id), '1', 'EX', seconds, 'NX')) === 'OK',
    /** Lets one process at a time renew a session. */
    lock: async (id: string, seconds: number): Promise<boolean> =>
      (await redis.set(keys.lock(`sign-in ${id}`), '1', 'EX', seconds, 'NX')) === 'OK',
    unlock: async (id: string): Promise<void> => {
      await redis.del(keys.lock(`sign-in ${id}`));
    },
  };
}
export type SignIns = ReturnType<typeof createSignIns>;
