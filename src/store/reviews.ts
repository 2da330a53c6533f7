import type { Redis } from 'ioredis';
import type { Review } from '../domain/access/access-review';
import { keys } from './keys';

const reviewSeconds = 30 * 86_400;

/** Access review results, kept while the buttons of their messages work. */
export function createReviews(redis: Redis) {
  async function get(id: string): Promise<Review | null> {
    const doc = await redis.get(keys.review(id));
    return doc ? (JSON.parse(doc) as Review) : null;
  }
  const put = (review: Review) =>
    redis.set(keys.review(review.id), JSON.stringify(review), 'EX', reviewSeconds);
  return { get, put };
}
