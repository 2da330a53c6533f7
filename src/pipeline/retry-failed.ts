import type { Queue } from 'bullmq';

/** The queues keep this many failed jobs. */
const maxFailed = 1000;

/**
 * Queues one failed job, or all of a queue, again, each with all its attempts.
 * @returns how many; a job that another request retried is not counted
 */
export async function retryFailed(queue: Queue, jobId: string | null = null): Promise<number> {
  const job = jobId === null ? null : await queue.getJob(jobId);
  const failed = jobId === null ? await queue.getFailed(0, maxFailed - 1) : job ? [job] : [];
  let count = 0;
  for (const one of failed) {
    try {
      await one.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
      count++;
    } catch (error) {
      if (await one.isFailed()) throw error;
    }
  }
  return count;
}
