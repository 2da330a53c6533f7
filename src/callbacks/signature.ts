import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signatures that are compared; a sender that rotates its secret sends two. */
const maxSignatures = 5;

/**
 * Whether one of the signatures is the HMAC-SHA-256 of the body, in hex or base64 (ServiceNow). Compared in constant time.
 * @param given a header such as `v1=…,v1=…`
 * @param scheme what each signature begins with, such as `v1`
 */
export function isSigned(
  body: Buffer,
  given: string | undefined,
  { scheme, secret }: { scheme: string; secret: string },
): boolean {
  const wanted = createHmac('sha256', secret).update(body).digest();
  const signatures = (given ?? '').split(',', maxSignatures).map((one) => one.trim());
  return signatures
    .map((one) => {
      const text = one.startsWith(`${scheme}=`) ? one.slice(scheme.length + 1) : '';
      const bytes = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
      return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
    })
    .includes(true);
}
