import type { Redis } from 'ioredis';
import type { Review } from '../domain/access/access-review';
import { type CallerReview, callerReviewSchema } from '../domain/access/caller-review';
import { keys } from './keys';

const reviewSeconds = 30 * 86_400;

/** Access review results, kept while the buttons of their messages work, and what an alert's page shows of them. */
export function createReviews(redis: Redis) {
  async function get(id: string): Promise<Review | null> {
    const doc = await redis.get(keys.review(id));
    return doc ? (JSON.parse(doc) as Review) : null;
  }
  const put = (review: Review) =>
    redis.set(keys.review(review.id), JSON.stringify(review), 'EX', reviewSeconds);
  /** Null if there is none, or one of another version. */
  async function ofCaller(alertId: string): Promise<CallerReview | null> {
    const doc = await redis.get(keys.callerReview(alertId));
    return doc ? (callerReviewSchema.safeParse(JSON.parse(doc)).data ?? null) : null;
  }
  const putOfCaller = (alertId: string, review: CallerReview) =>
    redis.set(keys.callerReview(alertId), JSON.stringify(review), 'EX', reviewSeconds);
  return { get, put, ofCaller, putOfCaller };
}
