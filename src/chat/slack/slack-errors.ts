import { SurfaceError } from '../surface';

/** Maps errors of @slack/web-api to what they mean for the delivery of a message. */
export function toSurfaceError(error: unknown): SurfaceError {
  const e = (error ?? {}) as {
    code?: string;
    data?: { error?: string; response_metadata?: { messages?: string[] } };
    retryAfter?: number;
    message?: string;
  };
  if (e.code === 'slack_webapi_rate_limited_error') {
    return new SurfaceError('Slack rate limit reached', 'throttled', (e.retryAfter ?? 1) * 1000);
  }
  const said = e.data?.error;
  // A truncated response body yields a different error text, so the message may or may not have been sent.
  if (e.code === 'slack_webapi_platform_error' && said && /^[a-z_]{2,60}$/.test(said)) {
    if (said === 'ratelimited' || said === 'rate_limited')
      return new SurfaceError('Slack rate limit reached', 'throttled', 1000);
    if (said === 'message_not_found' || said === 'cant_update_message') return new SurfaceError(said, 'gone');
    if (
      said === 'internal_error' ||
      said === 'fatal_error' ||
      said === 'request_timeout' ||
      said === 'service_unavailable'
    ) {
      return new SurfaceError(`Slack: ${said}`, 'unknown');
    }
    const details = e.data?.response_metadata?.messages?.join('; ') ?? '';
    return new SurfaceError(`Slack: ${said}${details ? ` (${details})` : ''}`, 'refused');
  }
  return new SurfaceError(`Slack: ${e.message ?? String(error)}`, 'unknown');
}
