import { within } from '../../runtime/within';
import { AzureError, toAzureError } from './azure-error';

/** No change that we ask Azure for takes longer, ms. */
export const operationMs = 10 * 60_000;

/**
 * Asks Azure for a change that takes a while, and waits until it is through.
 * @param work hands the signal on to what it calls
 * @throws {AzureError} 408 OperationTimedOut when it takes too long: then Azure may still finish it
 */
export async function waitingFor<T>(
  what: string,
  withinMs: number,
  work: (abortSignal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const limit = new AbortController();
  try {
    return await within(withinMs, work(limit.signal), () => tooLong(what, withinMs));
  } catch (error) {
    limit.abort();
    throw toAzureError(error, what);
  }
}

const tooLong = (what: string, withinMs: number) =>
  new AzureError(
    `${what} was not through after ${Math.round(withinMs / 60_000)} minutes, so Runwatch stopped waiting`,
    'OperationTimedOut',
    408,
    0,
    'Azure may still finish it: look at the resource in Azure, then press again',
  );
