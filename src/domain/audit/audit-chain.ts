import { createHash } from 'node:crypto';
import type { Presser } from '../people/person';
import { canonicalJson } from '../text/canonical-json';

/** What somebody did, or was refused. */
export interface AuditDraft {
  at: string;
  by: Presser;
  /** An action id, or what Runwatch did by itself ("suppressed", "isolation.drift"). */
  action: string;
  alertId: string | null;
  /** What it was done to: a resource id, an exception's id. */
  object: string | null;
  /** asked: it waits for a second person, and nothing is done yet. */
  result: 'done' | 'refused' | 'failed' | 'started' | 'asked';
  why: string | null;
  details?: Record<string, unknown> | undefined;
}

/** An entry of the log: `hash` covers the draft, its number and the hash before it, and `signature` the hash. */
export interface AuditEntry extends AuditDraft {
  /** Counted from 1. Absent in entries of versions before 0.2, which are not signed either. */
  sequence?: number | undefined;
  prev: string;
  hash: string;
  /** Which key signed it. */
  key?: string | undefined;
  /** Ed25519 over the hash, base64url. */
  signature?: string | undefined;
}

/** Signs entries; whoever has the public key can check them and make none. */
export interface AuditSigner {
  /** Tells one public key from another. */
  readonly keyId: string;
  sign: (text: string) => string;
}

/** Checks a signature by the key of an id; null where that key is not known. */
export type AuditVerifier = (keyId: string, text: string, signature: string) => boolean | null;

/** The action of the entry that names a new key, and the one before it. */
export const keyChange = 'audit.key';

export const genesis = '0'.repeat(64);

/** An entry's details beyond this many characters of JSON are kept as their digest and beginning. */
const longestDetails = 32_000;
const longestText = 4000;

export function chain(
  { head, sequence }: { head: string; sequence: number },
  drafts: readonly AuditDraft[],
  signer: AuditSigner,
): AuditEntry[] {
  let prev = head;
  return drafts.map((draft, index) => {
    const numbered = { sequence: sequence + index + 1, ...capped(draft), key: signer.keyId };
    const hash = hashOf(prev, numbered);
    const entry = { ...numbered, prev, hash, signature: signer.sign(hash) };
    prev = hash;
    return entry;
  });
}

const hashOf = (prev: string, rest: object) =>
  createHash('sha256').update(prev).update(canonicalJson(rest)).digest('hex');

/** Every entry is small: a log of a year must fit, and a copy is read from its end. */
function capped(draft: AuditDraft): AuditDraft {
  const text = JSON.stringify(draft.details ?? {});
  const details =
    text.length <= longestDetails
      ? draft.details
      : {
          cut: `${text.length} characters`,
          sha256: createHash('sha256').update(text).digest('hex'),
          begin: text.slice(0, 2000),
        };
  return {
    ...draft,
    object: draft.object?.slice(0, longestText) ?? null,
    why: draft.why?.slice(0, longestText) ?? null,
    ...(details ? { details } : {}),
  };
}

/** Where a chain of entries stops holding, counted from 0, and why. */
export interface BrokenLink {
  index: number;
  why: string;
}

/**
 * The first entry that does not hold; null when all do. Entries without a number are taken only before the first that has
 * one: they are of versions that did not sign.
 * @param verify null: signatures are not checked
 */
export function firstBrokenLink(
  entries: readonly AuditEntry[],
  { from = genesis, verify = null }: { from?: string; verify?: AuditVerifier | null } = {},
): BrokenLink | null {
  let prev = from;
  let last = 0;
  for (const [index, entry] of entries.entries()) {
    const { prev: claimedPrev, hash, signature, ...rest } = entry;
    if (claimedPrev !== prev || hashOf(prev, rest) !== hash)
      return { index, why: 'it or one before it was changed or removed' };
    if (entry.sequence === undefined) {
      if (last > 0) return { index, why: 'it is not signed, though entries before it are' };
    } else {
      if (last > 0 && entry.sequence !== last + 1)
        return { index, why: `its number is ${entry.sequence}, expected ${last + 1}` };
      last = entry.sequence;
      const holds = verify ? verify(entry.key ?? '', hash, signature ?? '') : true;
      if (holds === null)
        return { index, why: `it is signed by key ${entry.key}, whose public key was not given` };
      if (!holds) return { index, why: 'its signature does not hold' };
    }
    prev = hash;
  }
  return null;
}
