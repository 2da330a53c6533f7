import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { AuditSigner, AuditVerifier } from '../domain/audit/audit-chain';
import type { ContentHashes } from '../domain/techniques/machine-state';

/** What a key is used for. Each purpose has its own key, so a signature is valid for one purpose only. */
export type Purpose =
  | 'session'
  | 'form'
  | 'press'
  | 'approval'
  | 'measure'
  | 'own-run'
  | 'check'
  | 'sign-in'
  | 'content';

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
    /**
     * Encrypts and authenticates a text with AES-256-GCM, as base64url.
     * @param context what it belongs to, such as its key in Redis; it opens in no other context
     */
    seal: (purpose: Purpose, context: string, text: string): string => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', keyFor(current, purpose), iv);
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    /** A sealed text; null if it was not sealed with the current or the previous secret, in this context. */
    open: (purpose: Purpose, context: string, sealed: string): string | null => {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < ivBytes + tagBytes) return null;
      for (const secret of [current, ...(previous === null ? [] : [previous])]) {
        const key = keyFor(secret, purpose);
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes));
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
        try {
          const text = decipher.update(bytes.subarray(ivBytes + tagBytes));
          return Buffer.concat([text, decipher.final()]).toString('utf8');
        } catch {
          // Sealed with another secret, in another context, or changed.
        }
      }
      return null;
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

/** Keyed hashes of what machines run: without the secret, nobody can test guesses of their content. */
export const contentHashes = ({ sign, verify, fingerprints }: Keyring): ContentHashes => ({
  key: fingerprints.current,
  keys: [fingerprints.current, fingerprints.previous].filter((key) => key !== null),
  hash: (text) => sign('content', text),
  matches: (text, hash) => verify('content', text, hash),
});

/** Lengths of AES-GCM's nonce and tag. */
const ivBytes = 12;
const tagBytes = 16;

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
