import type { Redis } from 'ioredis';
import { keys } from './keys';

/** Where the Teams app was installed, and what was posted where. */
export function createTeamsMemory(redis: Redis) {
  return {
    conversations: () => redis.hgetall(keys.teamsConversations),
    addConversation: (id: string, reference: string) => redis.hset(keys.teamsConversations, id, reference),
    dropConversation: (id: string) => redis.hdel(keys.teamsConversations, id),
    posted: (contentId: string, conversation: string) =>
      redis.hget(keys.teamsPosted(contentId), conversation),
    notePosted: (contentId: string, conversation: string, activityId: string) =>
      redis
        .multi()
        .hset(keys.teamsPosted(contentId), conversation, activityId)
        .expire(keys.teamsPosted(contentId), 400 * 86_400)
        .exec(),
  };
}
