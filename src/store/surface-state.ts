import type { Redis } from 'ioredis';
import { keys } from './keys';

/** Conversations of a surface's app, and what was posted to each. */
export function createSurfaceState(redis: Redis, surface: string, keepSeconds: number) {
  const conversations = keys.conversations(surface);
  const posts = (contentId: string) => keys.posts(surface, contentId);
  return {
    conversations: () => redis.hgetall(conversations),
    addConversation: (id: string, reference: string) => redis.hset(conversations, id, reference),
    dropConversation: (id: string) => redis.hdel(conversations, id),
    posted: (contentId: string, conversation: string) => redis.hget(posts(contentId), conversation),
    /** @param noted state of the post in that conversation; an empty string deletes it */
    notePosted: (contentId: string, conversation: string, noted: string) =>
      noted === ''
        ? redis.hdel(posts(contentId), conversation)
        : redis
            .multi()
            .hset(posts(contentId), conversation, noted)
            .expire(posts(contentId), keepSeconds)
            .exec(),
  };
}
