import { type OutgoingRequest, sendRequest } from '../../runtime/outgoing-request';

/** PagerDuty's Events API v2. */
export const pagerDuty = 'https://events.pagerduty.com/v2/enqueue';

/**
 * Sends JSON to a configured URL, which may be private. Returns the answer's JSON, or null if it has none.
 * @throws {Error} for any status but 2xx
 */
export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  method: OutgoingRequest['method'] = 'POST',
): Promise<unknown> {
  const { status, text } = await sendRequest({
    url,
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    allowPrivate: true,
  });
  if (status < 200 || status > 299) throw new Error(`${new URL(url).hostname} answered ${status}`);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
