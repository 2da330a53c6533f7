import { createHash } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A short stable id: 10 Crockford base-32 characters (50 bits) of the parts' SHA-256. */
export function shortDigest(...parts: string[]): string {
  const bytes = createHash('sha256').update(parts.join('\u0000')).digest();
  let bits = bytes.readBigUInt64BE(0) >> 14n;
  let out = '';
  for (let i = 0; i < 10; i++) {
    out = (alphabet[Number(bits & 31n)] ?? '0') + out;
    bits >>= 5n;
  }
  return out;
}
