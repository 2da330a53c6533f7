import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { AuditSigner, AuditVerifier } from '../domain/audit/audit-chain';

/** What a key is used for. Each purpose has its own key, so a signature is valid for one purpose only. */
export type Purpose = 'session' | 'form' | 'press' | 'approval' | 'measure' | 'check';

/** RUNWATCH_SECRET, and RUNWATCH_SECRET_PREVIOUS during rotation. */
export interface Secrets {
  readonly current: string;
  readonly previous: string | null;
}

/** Signs and verifies with keys derived from RUNWATCH_SECRET by HKDF-SHA-256 (RFC 5869). */
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
    /** True for a signature made with the current or the previous secret. */
    verify: (purpose: Purpose, text: string, signature: unknown): boolean => {
      if (typeof signature !== 'string' || signature.length > 100) return false;
      const given = Buffer.from(signature, 'base64url');
      return [current, previous].some((secret) => {
        if (secret === null) return false;
        const wanted = mac(secret, purpose, text);
        return given.length === wanted.length && timingSafeEqual(given, wanted);
      });
    },
    auditSigner: (): AuditSigner => {
      const key = auditKeyOf(current);
      return {
        keyId: keyIdOf(createPublicKey(key)),
        sign: (text) => sign(null, Buffer.from(text), key).toString('base64url'),
      };
    },
    /** The audit log's public keys in PEM format, current key first. */
    auditPublicKeys: (): string[] =>
      [current, ...(previous === null ? [] : [previous])].map((secret) =>
        pemOf(createPublicKey(auditKeyOf(secret))),
      ),
    /**
     * Signatures of a fixed text. They show whether two processes have the same secret without revealing it.
     */
    fingerprints: {
      current: mac(current, 'check', 'runwatch').toString('base64url'),
      previous: previous === null ? null : mac(previous, 'check', 'runwatch').toString('base64url'),
    },
  };
}
export type Keyring = ReturnType<typeof createKeyring>;

/** An Ed25519 private key in PKCS #8 is this prefix plus 32 bytes. Source: RFC 8410, section 7. */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

const auditKeyOf = (secret: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([ed25519Prefix, Buffer.from(hkdfSync('sha256', secret, '', 'runwatch audit', 32))]),
    format: 'der',
    type: 'pkcs8',
  });

const pemOf = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }).toString();

/** The first 16 hex digits of a public key's SHA-256. */
const keyIdOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);

/**
 * Verifies audit log signatures with public keys.
 * @throws {Error} if a key is not an Ed25519 public key in PEM format
 */
export function auditVerifier(pems: readonly string[]): AuditVerifier {
  const keys = new Map(
    pems.map((pem) => {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 public key');
      return [keyIdOf(key), key] as const;
    }),
  );
  return (keyId, text, signature) => {
    const key = keys.get(keyId);
    return key ? verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url')) : null;
  };
}
