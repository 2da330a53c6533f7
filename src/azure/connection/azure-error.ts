/** An answer of Azure's that stopped us: what it refused, and what mends it. */
export class AzureError extends Error {
  constructor(
    message: string,
    /** ARM's error code, e.g. AuthorizationFailed, ResourceNotFound, PreconditionFailed. */
    readonly code: string,
    readonly statusCode: number,
    /** Milliseconds to wait before the next try; 0 when Azure named none. */
    readonly retryAfterMs: number,
    /** What to do, e.g. the permission to grant. */
    readonly remedy: string,
    /** The request that was answered so; absent where no single request was. A failed read says nothing about a change. */
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

/** Turns whatever the SDK throws into one error shape. */
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
    return `grant ${action ?? 'the missing permission'} to the bot's identity (\`runwatch manifest azure-role\`)`;
  if (statusCode === 401) return "check the bot's credential: its token was not accepted";
  if (statusCode === 429) return 'nothing: Azure asked to wait, it is tried again';
  return 'it is tried again; if it stays, see the bot’s log';
}

/** Does something on Azure; what goes wrong is thrown as an {@link AzureError} that says with what. */
export async function doing<T>(what: string, work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toAzureError(error, what);
  }
}
