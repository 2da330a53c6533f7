import { within } from '../../runtime/within';
import { AzureError, toAzureError } from './azure-error';

/** How long to wait for a change in Azure by default, ms. */
export const operationMs = 10 * 60_000;

/**
 * Starts a long-running operation in Azure and waits until it finishes.
 * @param work must pass the signal on to the SDK
 * @throws {AzureError} 408 OperationTimedOut when it takes too long; Azure may still finish it
 */
export async function runOperation<T>(
  what: string,
  withinMs: number,
  work: (abortSignal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const limit = new AbortController();
  try {
    return await within(withinMs, work(limit.signal), () => timeoutError(what, withinMs));
  } catch (error) {
    limit.abort();
    throw toAzureError(error, what);
  }
}

const timeoutError = (what: string, withinMs: number) =>
  new AzureError(
    `${what} did not finish within ${Math.round(withinMs / 60_000)} minutes, so Runwatch stopped waiting`,
    'OperationTimedOut',
    408,
    0,
    'Azure may still finish it: check the resource in Azure before you try again',
  );
