import { LRUCache } from 'lru-cache';
import { createTimedCache } from '../../runtime/memoize';
import { AzureError } from './azure-error';
import { ignoredOffsetMs } from './clock';
import type { ReadBudget } from './read-budget';

/** This many different reads of one kind in one subscription are answered from a list. */
const manyReads = 5;
/** Reads within this time count as waiting together, ms. */
const windowMs = 10_000;
/** Lists with more entries are not kept. */
export const maxListed = 30_000;

/** Everything of one kind in a subscription. */
export interface Listing<T> {
  /** undefined if the list can't answer for this key, which is then read alone. */
  find: (key: string) => T | undefined;
  /** Requests that the list took. */
  requests: number;
}

export interface BulkSource<T> {
  subscriptionOf: (key: string) => string;
  readOne: (key: string) => Promise<T>;
  /** @param since parts from other caches must not be older, ms since 1970 */
  readAll: (subscriptionId: string, since: number) => Promise<Listing<T>>;
  /** How long an answer is used while few reads wait, ms. */
  aloneMs: number;
  /** How long a list is used while many reads wait, ms. */
  listMs: number;
}

/** The earliest reading that decides about an execution, with room for the clock's inaccuracy. */
export const sinceStart = (notBefore: number | undefined): number =>
  notBefore === undefined ? Number.NEGATIVE_INFINITY : notBefore + ignoredOffsetMs;

export interface BulkReading {
  /** Azure's time, ms since 1970. */
  now: () => number;
  /** Sends a list before the reads of one alert, because many wait for it. */
  byPriority: ReadBudget['byPriority'];
}

/**
 * Reads things of a subscription one by one while few are wanted, and from one list while many are. The
 * reader's `notBefore` excludes readings that began earlier, ms since 1970 in Azure's time.
 */
export function createBulkReader<T>(source: BulkSource<T>, { now, byPriority }: BulkReading) {
  const { subscriptionOf, readOne, readAll, aloneMs, listMs } = source;
  const alone = createTimedCache<T>(aloneMs, 10_000, now);
  const lists = createTimedCache<Listing<T> | null>(listMs, 50, now);
  const wanted = createWanted(now);

  async function listOf(subscriptionId: string): Promise<Listing<T> | null> {
    wanted.clear(subscriptionId);
    try {
      const listing = await byPriority(Number.MAX_VALUE, () => readAll(subscriptionId, now()));
      wanted.listTook(subscriptionId, listing.requests);
      return listing;
    } catch (error) {
      if (error instanceof AzureError && cannotList(error)) return null;
      throw error;
    }
  }

  return async (key: string, notBefore?: number): Promise<T> => {
    const since = Math.min(now(), sinceStart(notBefore));
    const subscriptionId = subscriptionOf(key);
    const knownAlone = alone.get(key, since);
    if (knownAlone) return knownAlone;
    wanted.note(subscriptionId, key);
    await turn();
    const many = wanted.areMany(subscriptionId);
    const list =
      lists.get(subscriptionId, since, many ? listMs : aloneMs) ??
      (many ? lists.ask(subscriptionId, () => listOf(subscriptionId)) : undefined);
    const found = (await list)?.find(key);
    if (found !== undefined) return found;
    return alone.get(key, since) ?? alone.ask(key, () => readOne(key));
  };
}

let nextTurn: Promise<void> | null = null;

/** Lets reads that begin at the same moment be counted together. */
function turn(): Promise<void> {
  nextTurn ??= new Promise((done) =>
    setImmediate(() => {
      nextTurn = null;
      done();
    }),
  );
  return nextTurn;
}

/** The keys wanted lately in each subscription. */
function createWanted(now: () => number) {
  const bySubscription = new LRUCache<string, { at: Map<string, number>; listRequests: number }>({
    max: 1000,
  });
  const of = (subscriptionId: string) => {
    const known = bySubscription.get(subscriptionId) ?? { at: new Map<string, number>(), listRequests: 0 };
    bySubscription.set(subscriptionId, known);
    return known;
  };
  return {
    note(subscriptionId: string, key: string): void {
      const { at } = of(subscriptionId);
      at.delete(key);
      at.set(key, now());
      for (const [oldest, when] of at) {
        if (now() - when <= windowMs && at.size <= maxListed) break;
        at.delete(oldest);
      }
    },
    /** A list answers all that wait now. The next list needs as many reads again. */
    clear: (subscriptionId: string): void => of(subscriptionId).at.clear(),
    listTook(subscriptionId: string, requests: number): void {
      of(subscriptionId).listRequests = requests;
    },
    /** A list must not take more requests than the reads it replaces. */
    areMany(subscriptionId: string): boolean {
      const { at, listRequests } = of(subscriptionId);
      return at.size >= Math.max(manyReads, listRequests);
    },
  };
}

/** Such a list would fail again, so its entries are read alone. */
const cannotList = ({ statusCode, code }: AzureError): boolean =>
  statusCode === 401 ||
  statusCode === 403 ||
  statusCode === 404 ||
  code === 'AnswerTooLong' ||
  code === 'TooManyListed';

/** All entries of a paged list, and the number of its pages. */
export async function collectPages<T>(pages: AsyncIterable<T[]>): Promise<{ items: T[]; requests: number }> {
  const items: T[] = [];
  let requests = 0;
  for await (const page of pages) {
    requests++;
    for (const item of page) items.push(item);
    if (items.length > maxListed)
      throw new AzureError(`a list has more than ${maxListed} entries`, 'TooManyListed', 0, 0, 'nothing');
  }
  return { items, requests };
}
