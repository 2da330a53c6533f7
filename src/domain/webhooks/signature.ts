import { createHmac } from 'node:crypto';

const prefix = 'whsec_';
/** Sizes of a secret that the specification recommends, bytes. */
const [minBytes, maxBytes] = [24, 64];

/** The key of a secret such as whsec_…; null if it is not one of sufficient length. */
export function keyOfSecret(secret: string): Buffer | null {
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= minBytes && key.length <= maxBytes ? key : null;
}

/**
 * The headers that sign a message, with one signature per secret.
 * @param at when it is sent, ms
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  id: string,
  at: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const key = keyOfSecret(secret);
    if (!key) throw new Error('a webhook has an invalid secret');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
