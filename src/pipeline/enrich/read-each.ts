import pLimit from 'p-limit';
import { AzureError } from '../../azure/connection/azure-error';
import type { Missing } from '../../domain/alerts/facts';

/** An alert's concurrent reads. */
const concurrency = 16;

/**
 * Reads the facts of several machines or executions. What fails, or is not there in time, is listed as
 * missing, with the number of failures and the first reason.
 * @param late rejects when the time is up
 */
export async function readEach<Item, Answer>(
  what: string,
  items: readonly Item[],
  read: (item: Item) => Promise<Answer>,
  late: Promise<never>,
): Promise<{ answers: [Item, Answer][]; missing: Missing[] }> {
  if (items.length === 0) return { answers: [], missing: [] };
  const limit = items.length > concurrency ? pLimit(concurrency) : null;
  const answers: [Item, Answer][] = [];
  const failures: Missing[] = [];
  const open = new Set(items);
  const readOne = async (item: Item) => {
    if (!open.has(item)) return;
    try {
      const answer = await read(item);
      if (open.delete(item)) answers.push([item, answer]);
    } catch (error) {
      if (open.delete(item)) failures.push({ what, ...whyMissing(error) });
    }
  };
  const all = Promise.all(items.map((item) => (limit ? limit(readOne, item) : readOne(item))));
  await Promise.race([all, late]).catch((error) => {
    for (const _ of open) failures.push({ what, ...whyMissing(error) });
    open.clear();
  });
  const first = failures.find(({ final }) => !final) ?? failures[0];
  if (!first) return { answers, missing: [] };
  return { answers, missing: [{ ...first, ...(items.length > 1 ? { count: failures.length } : {}) }] };
}

/** A resource that does not exist is not read again. One that waits for Azure's limit is, until it answers. */
export const whyMissing = (error: unknown): Omit<Missing, 'what'> => ({
  why: (error as Error).message,
  ...(error instanceof AzureError && error.statusCode === 404 ? { final: true } : {}),
  ...(error instanceof AzureError && error.statusCode === 429 ? { limited: true } : {}),
});
