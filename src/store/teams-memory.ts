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
    /** @param noted what is known of it there; nothing takes the note back */
    notePosted: (contentId: string, conversation: string, noted: string) =>
      noted === ''
        ? redis.hdel(keys.teamsPosted(contentId), conversation)
        : redis
            .multi()
            .hset(keys.teamsPosted(contentId), conversation, noted)
            .expire(keys.teamsPosted(contentId), 400 * 86_400)
            .exec(),
  };
}
