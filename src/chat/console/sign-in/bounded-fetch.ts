import type { CustomFetch } from 'openid-client';
import { isProtected } from '../../../domain/text/is-protected';
import { sendRequest } from '../../../runtime/outgoing-request';

/** Fetches from an issuer: by https or on loopback. Issuers may be on a private network. */
export const boundedFetch: CustomFetch = async (url, { method, headers, body, signal }) => {
  if (!isProtected(new URL(url))) throw new Error(`${new URL(url).origin} is not https`);
  const {
    status,
    headers: answered,
    text,
  } = await sendRequest({
    url,
    method: method === 'POST' ? 'POST' : 'GET',
    headers,
    body: body ? String(body) : null,
    allowPrivate: true,
    signal,
  });
  const hasBody = ![101, 204, 205, 304].includes(status);
  return new Response(hasBody ? text : null, { status, headers: answered });
};
