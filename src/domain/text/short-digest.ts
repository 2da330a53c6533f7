import { hash } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A short stable id: 10 Crockford base-32 characters (50 bits) of the parts' SHA-256. */
export function shortDigest(...parts: string[]): string {
  const first52Bits = Number.parseInt(hash('sha256', parts.join('\u0000')).slice(0, 13), 16);
  let bits = Math.floor(first52Bits / 4);
  let out = '';
  for (let i = 0; i < 10; i++) {
    out = alphabet[bits % 32] + out;
    bits = Math.floor(bits / 32);
  }
  return out;
}
