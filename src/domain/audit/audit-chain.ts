import { createHash } from 'node:crypto';
import type { Presser } from '../people/person';
import { canonicalJson } from '../text/canonical-json';
import { t } from '../text/translate';

/** An action that someone took or was refused. */
export interface AuditDraft {
  at: string;
  by: Presser;
  /** An action id, or something Runwatch did itself ("suppressed", "isolation.drift"). */
  action: string;
  alertId: string | null;
  /** The target: a resource id or an exception's id. */
  object: string | null;
  /** asked: waiting for a second person; nothing was done yet. */
  result: 'done' | 'refused' | 'failed' | 'started' | 'asked';
  why: string | null;
  details?: Record<string, unknown> | undefined;
}

/** A log entry. `hash` covers the draft, its number and the previous hash; `signature` covers the hash. */
export interface AuditEntry extends AuditDraft {
  /** Counted from 1. Absent in unsigned entries of versions before 0.2. */
  sequence?: number | undefined;
  prev: string;
  hash: string;
  /** Id of the signing key. */
  key?: string | undefined;
  /** Ed25519 over the hash, base64url. */
  signature?: string | undefined;
}

/** Signs entries. The public key verifies them but can't create any. */
export interface AuditSigner {
  /** Identifies the public key. */
  readonly keyId: string;
  sign: (text: string) => string;
}

/** Verifies a signature with the given key; null if the key is unknown. */
export type AuditVerifier = (keyId: string, text: string, signature: string) => boolean | null;

/** The action of the entry that introduces a new signing key. */
export const keyChange = 'audit.key';

export const genesis = '0'.repeat(64);

/** Details longer than this, in characters of JSON, are stored as a digest and their beginning. */
const maxDetailsLength = 32_000;
const maxTextLength = 4000;

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

/** Limits an entry's size: a year's log must fit in storage, and copies are read from the end. */
function capped(draft: AuditDraft): AuditDraft {
  const text = JSON.stringify(draft.details ?? {});
  const details =
    text.length <= maxDetailsLength
      ? draft.details
      : {
          cut: `${text.length} characters`,
          sha256: createHash('sha256').update(text).digest('hex'),
          begin: text.slice(0, 2000),
        };
  return {
    ...draft,
    object: draft.object?.slice(0, maxTextLength) ?? null,
    why: draft.why?.slice(0, maxTextLength) ?? null,
    ...(details ? { details } : {}),
  };
}

/** The first invalid entry, counted from 0, and the reason. */
export interface BrokenLink {
  index: number;
  why: string;
}

/**
 * Returns the first invalid entry, or null. Entries without a number are valid only before the first
 * numbered one: older versions did not sign.
 * @param from hash of the entry before the first of `entries`, and `after` its number; 0 without one
 * @param verify null: signatures are not checked
 */
export function firstBrokenLink(
  entries: readonly AuditEntry[],
  {
    from = genesis,
    after = 0,
    verify = null,
  }: { from?: string; after?: number; verify?: AuditVerifier | null } = {},
): BrokenLink | null {
  let prev = from;
  let last = after;
  for (const [index, entry] of entries.entries()) {
    const { prev: claimedPrev, hash, signature, ...rest } = entry;
    if (claimedPrev !== prev || hashOf(prev, rest) !== hash)
      return { index, why: t`it or an earlier entry was changed or removed` };
    if (entry.sequence === undefined) {
      if (last > 0) return { index, why: t`it is not signed, but earlier entries are` };
    } else {
      if (last > 0 && entry.sequence !== last + 1)
        return {
          index,
          why: t`its sequence number is ${String(entry.sequence)}, expected ${String(last + 1)}`,
        };
      last = entry.sequence;
      const holds = verify ? verify(entry.key ?? '', hash, signature ?? '') : true;
      if (holds === null)
        return { index, why: t`it is signed by key ${entry.key}, whose public key was not given` };
      if (!holds) return { index, why: t`its signature is invalid` };
    }
    prev = hash;
  }
  return null;
}
