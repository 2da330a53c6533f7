import { SurfaceError } from '../surface';

/** What a failed request to Teams means for the delivery. */
export function toSurfaceError(error: unknown): SurfaceError {
  if (error instanceof SurfaceError) return error;
  const e = (error ?? {}) as {
    status?: number;
    statusCode?: number;
    message?: string;
    headers?: { 'retry-after'?: string };
  };
  const status = e.status ?? e.statusCode ?? 0;
  if (status === 429)
    return new SurfaceError(
      'Teams rate limit reached',
      'throttled',
      Number(e.headers?.['retry-after'] ?? 2) * 1000,
    );
  if (status === 404) return new SurfaceError('the message no longer exists', 'gone');
  if (status >= 400 && status < 500) return new SurfaceError(`Teams: ${e.message ?? status}`, 'refused');
  return new SurfaceError(`Teams: ${e.message ?? String(error)}`, 'unknown');
}
