import type { Redis } from 'ioredis';
import { keys } from './keys';

/** Conversations with the Teams app, and what was posted to each. */
export function createTeamsState(redis: Redis) {
  return {
    conversations: () => redis.hgetall(keys.teamsConversations),
    addConversation: (id: string, reference: string) => redis.hset(keys.teamsConversations, id, reference),
    dropConversation: (id: string) => redis.hdel(keys.teamsConversations, id),
    posted: (contentId: string, conversation: string) =>
      redis.hget(keys.teamsPosted(contentId), conversation),
    /** @param noted state of the post in that conversation; an empty string deletes it */
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
