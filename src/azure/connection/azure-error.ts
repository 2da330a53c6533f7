import type { Failure } from '../../domain/evidence/reading';

/** An error response from Azure: what failed, and how to fix it. */
export class AzureError extends Error {
  constructor(
    message: string,
    /** ARM's error code, e.g. AuthorizationFailed, ResourceNotFound, PreconditionFailed. */
    readonly code: string,
    readonly statusCode: number,
    /** Milliseconds to wait before the next attempt; 0 if Azure sent none. */
    readonly retryAfterMs: number,
    /** What to do, e.g. the permission to grant. */
    readonly remedy: string,
    /** HTTP method of the failed request, if there was one. A failed read says nothing about a change. */
    readonly method?: string | undefined,
  ) {
    super(message);
  }
}

interface RestErrorLike {
  request?: { method?: string };
  statusCode?: number;
  code?: string;
  message?: string;
  details?: { error?: { code?: string; message?: string } };
  response?: { headers?: { get(name: string): string | undefined }; bodyAsText?: string | null };
}

/** Converts any error that the SDK throws to an AzureError. */
export function toAzureError(error: unknown, what: string): AzureError {
  if (error instanceof AzureError) return error;
  const e = (error ?? {}) as RestErrorLike;
  const body = errorBody(e.response?.bodyAsText ?? null);
  const code = body?.code ?? e.details?.error?.code ?? e.code ?? 'Unknown';
  const statusCode = e.statusCode ?? 0;
  const detail = body?.message || e.message || 'no reason given';
  const retryAfterMs = retryAfterOf(e.response?.headers?.get('retry-after'));
  const known = statusCode === 0 ? code : `HTTP ${statusCode}, ${code}`;
  return new AzureError(
    `${what}: ${detail} (${known})`,
    code,
    statusCode,
    retryAfterMs,
    remedyFor(statusCode, detail),
    e.request?.method,
  );
}

function errorBody(text: string | null): { code?: string; message?: string } | null {
  try {
    return text ? (JSON.parse(text).error ?? null) : null;
  } catch {
    return null;
  }
}

/** Retry-After is seconds or an HTTP date (RFC 9110). */
export function retryAfterOf(header: string | undefined | null, now = Date.now()): number {
  if (!header) return 0;
  const seconds = Number(header);
  if (!Number.isNaN(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

function remedyFor(statusCode: number, detail: string): string {
  const action = /perform action '([^']+)'/.exec(detail)?.[1];
  if (statusCode === 403)
    return `grant ${action ?? 'the missing permission'} to the bot's identity (runwatch manifest azure-role)`;
  if (statusCode === 401) return "check the bot's credential: its token was not accepted";
  if (statusCode === 429) return 'nothing: Azure throttled the request, and Runwatch will retry';
  return 'Runwatch will retry; if this persists, see the bot’s log';
}

/** Calls Azure and converts errors to an {@link AzureError} whose message starts with `what`. */
export async function callAzure<T>(what: string, work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toAzureError(error, what);
  }
}

/** For a fact that may be absent: the default after any failure, except one that a later read repairs. */
export const unlessThrottled =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof AzureError && error.statusCode === 429) throw error;
    return value;
  };

/** What could not be read of a workspace. A refusal is not tried again until the logs are complete. */
export const failureOf = (what: string, error: unknown): Failure => ({
  what,
  why: (error as Error).message.slice(0, 500),
  ...(error instanceof AzureError && [400, 401, 403, 404].includes(error.statusCode) ? { final: true } : {}),
});
