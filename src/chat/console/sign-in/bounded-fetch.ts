import type { CustomFetch } from 'openid-client';
import { isProtected } from '../../../domain/text/is-protected';

/** Longest response of an issuer, bytes. */
const maxBytes = 512 * 1024;

/** Fetches from an issuer: by https or on loopback, without redirects, and never more than {@link maxBytes}. */
export const boundedFetch: CustomFetch = async (url, options) => {
  if (!isProtected(new URL(url))) throw new Error(`${new URL(url).origin} is not https`);
  const response = await fetch(url, { ...options, redirect: 'manual' } as RequestInit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`${new URL(url).origin} sent more than ${maxBytes / 1024} KB`);
    chunks.push(chunk);
  }
  const { status, statusText, headers } = response;
  const hasBody = ![101, 204, 205, 304].includes(status);
  return new Response(hasBody ? Buffer.concat(chunks) : null, { status, statusText, headers });
};
