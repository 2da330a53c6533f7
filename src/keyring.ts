import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a key is for. Each purpose has a key of its own, so that a signature made for one is worth nothing for another. */
export type Purpose = 'session' | 'form' | 'press' | 'approval' | 'audit' | 'check';

/** RUNWATCH_SECRET, and RUNWATCH_SECRET_PREVIOUS while it is being replaced. */
export interface Secrets {
  readonly current: string;
  readonly previous: string | null;
}

/** Signs and checks with keys that are derived from RUNWATCH_SECRET by HKDF-SHA-256 (RFC 5869). */
export function createKeyring({ current, previous }: Secrets) {
  const derived = new Map<string, Buffer>();
  function keyFor(secret: string, purpose: Purpose): Buffer {
    const name = `${secret === current ? 'current' : 'previous'} ${purpose}`;
    const known = derived.get(name);
    if (known) return known;
    const key = Buffer.from(hkdfSync('sha256', secret, '', `runwatch ${purpose}`, 32));
    derived.set(name, key);
    return key;
  }
  const mac = (secret: string, purpose: Purpose, text: string) =>
    createHmac('sha256', keyFor(secret, purpose)).update(text).digest();

  return {
    /** A signature in base64url, 43 characters. */
    sign: (purpose: Purpose, text: string): string => mac(current, purpose, text).toString('base64url'),
    /** True for a signature by the current secret or the previous one. */
    verify: (purpose: Purpose, text: string, signature: unknown): boolean => {
      if (typeof signature !== 'string' || signature.length > 100) return false;
      const given = Buffer.from(signature, 'base64url');
      return [current, previous].some((secret) => {
        if (secret === null) return false;
        const wanted = mac(secret, purpose, text);
        return given.length === wanted.length && timingSafeEqual(given, wanted);
      });
    },
    /** Signatures of a fixed text: they tell whether two processes have the same secret, and nothing about it. */
    fingerprints: {
      current: mac(current, 'check', 'runwatch').toString('base64url'),
      previous: previous === null ? null : mac(previous, 'check', 'runwatch').toString('base64url'),
    },
  };
}
export type Keyring = ReturnType<typeof createKeyring>;
