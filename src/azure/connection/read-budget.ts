import { AsyncLocalStorage } from 'node:async_hooks';
import type { PipelinePolicy, PipelineResponse } from '@azure/core-rest-pipeline';
import { LRUCache } from 'lru-cache';
import { AzureError, retryAfterOf } from './azure-error';

/**
 * Reads that a subscription keeps for responses and polling. Azure allows 250 at once and 25 more a second.
 * Source: "Understand how Azure Resource Manager throttles requests", learn.microsoft.com.
 */
const reserve = 50;
const refillPerSecond = 25;
/** A read that can't be sent within this time fails, and is tried again later, ms. */
const maxWaitMs = 4000;
/** How long a 429 without Retry-After stops reads, ms. */
const defaultPauseMs = 10_000;
const maxPauseMs = 5 * 60_000;

interface Budget {
  /** As last reported by Azure, less what was sent since; infinite until then. */
  remaining: number;
  reportedAt: number;
  closedUntil: number;
  /** Highest priority first. */
  waiting: { priority: number; until: number; go: () => void; giveUp: () => void }[];
  timer: NodeJS.Timeout | undefined;
}

/**
 * Sends the reads of enrichment by priority while a subscription's read limit is short. Other requests are
 * sent at once, so responses and polling have the reserve.
 */
export function createReadBudget(now: () => number = Date.now) {
  const priorityOf = new AsyncLocalStorage<number>();
  const budgets = new LRUCache<string, Budget>({ max: 1000 });

  function budgetOf(subscriptionId: string): Budget {
    const known = budgets.get(subscriptionId) ?? {
      remaining: Number.POSITIVE_INFINITY,
      reportedAt: 0,
      closedUntil: 0,
      waiting: [],
      timer: undefined,
    };
    budgets.set(subscriptionId, known);
    return known;
  }

  /** When the next read may be sent, ms from now. */
  function delayOf({ remaining, reportedAt, closedUntil }: Budget): number {
    const available = remaining + ((now() - reportedAt) / 1000) * refillPerSecond;
    const refill = available > reserve ? 0 : ((reserve + 1 - available) / refillPerSecond) * 1000;
    return Math.max(0, closedUntil - now(), refill);
  }

  function send(budget: Budget): void {
    while (budget.waiting.length > 0 && delayOf(budget) === 0) {
      budget.remaining--;
      budget.waiting.shift()?.go();
    }
    const late = budget.waiting.filter(({ until }) => until <= now());
    budget.waiting = budget.waiting.filter(({ until }) => until > now());
    for (const read of late) read.giveUp();
    clearTimeout(budget.timer);
    if (budget.waiting.length === 0) return;
    const soonest = budget.waiting.reduce((at, { until }) => Math.min(at, until - now()), delayOf(budget));
    budget.timer = setTimeout(() => send(budget), Math.max(1, soonest));
  }

  function waitForTurn(budget: Budget, priority: number): Promise<void> {
    if (budget.closedUntil - now() > maxWaitMs) throw readLimit(budget.closedUntil - now());
    return new Promise((go, fail) => {
      const giveUp = () => fail(readLimit(delayOf(budget)));
      const after = budget.waiting.findIndex((other) => other.priority < priority);
      budget.waiting.splice(after < 0 ? budget.waiting.length : after, 0, {
        priority,
        until: now() + maxWaitMs,
        go,
        giveUp,
      });
      send(budget);
    });
  }

  function note(budget: Budget, { status, headers }: PipelineResponse): void {
    const reported = limitHeaders
      .map((name) => headers.get(name))
      .filter((value) => value !== undefined && /^\d+$/.test(value))
      .map(Number);
    if (reported.length > 0) {
      budget.remaining = Math.min(...reported);
      budget.reportedAt = now();
    }
    if (status === 429) {
      const pause = retryAfterOf(headers.get('retry-after'), now()) || defaultPauseMs;
      budget.closedUntil = Math.max(budget.closedUntil, now() + Math.min(pause, maxPauseMs));
    }
    send(budget);
  }

  const policy: PipelinePolicy = {
    name: 'runwatch-read-budget',
    sendRequest: async (request, next) => {
      const subscriptionId = /\/subscriptions\/([0-9a-f-]{36})/i.exec(request.url)?.[1]?.toLowerCase();
      if (!subscriptionId || request.method !== 'GET') return next(request);
      const budget = budgetOf(subscriptionId);
      const priority = priorityOf.getStore();
      if (priority === undefined) budget.remaining--;
      else await waitForTurn(budget, priority);
      const response = await next(request);
      note(budget, response);
      if (priority !== undefined && response.status === 429) throw readLimit(budget.closedUntil - now());
      return response;
    },
  };

  return {
    policy,
    /** Sends the work's reads by priority, higher first, and only while more than the reserve is left. */
    byPriority: <T>(priority: number, work: () => T): T => priorityOf.run(priority, work),
  };
}
export type ReadBudget = ReturnType<typeof createReadBudget>;

const limitHeaders = [
  'x-ms-ratelimit-remaining-subscription-reads',
  'x-ms-ratelimit-remaining-subscription-global-reads',
];

const readLimit = (retryAfterMs: number) =>
  new AzureError(
    "waiting for Azure's read limit in this subscription",
    'ReadLimit',
    429,
    Math.ceil(retryAfterMs),
    'nothing: Runwatch reads again when Azure allows it',
    'GET',
  );
