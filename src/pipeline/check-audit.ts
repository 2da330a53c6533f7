import {
  type AuditEntry,
  type AuditVerifier,
  firstBrokenLink,
  genesis,
  keyChange,
} from '../domain/audit/audit-chain';
import { type ChainCheck, type ChainState, readChainCheck } from '../domain/audit/chain-check';
import { canonicalJson } from '../domain/text/canonical-json';
import { secondsText, t } from '../domain/text/translate';
import { auditVerifier, type Keyring } from '../runtime/keyring';
import type { Log } from '../runtime/log';
import { withTrustedKeys } from '../runtime/trusted-audit-keys';
import { archivedText } from '../store/audit/audit-log';
import type { Store } from '../store/store';

export interface CheckAuditDeps {
  store: Pick<Store, 'audit' | 'deliveries'>;
  keyring: Keyring;
  log: Log;
  now: () => number;
}

/** Verifying a signature takes about 0.1 ms, so a batch holds up other requests for some 10 ms. */
const batchSize = 100;
/** If the process dies, another check may begin after this long, ms. */
const lockMs = 15_000;

/**
 * Checks the audit log in Redis from its first entry to its newest: hashes, numbers and signatures. One check
 * runs at a time in all processes. Its result is signed, so that writing to Redis can't fake one.
 */
export function createAuditCheck({ store, keyring, log, now }: CheckAuditDeps) {
  const { audit, deliveries } = store;

  async function lastCheck(): Promise<ChainCheck | null> {
    const stored = await audit.lastCheck();
    const check = readChainCheck(stored?.check);
    return check && keyring.verify('check', signedText(check), stored?.signature) ? check : null;
  }

  async function state(): Promise<ChainState> {
    const [last, entries, of, { sequence }] = await Promise.all([
      lastCheck(),
      audit.checkProgress(),
      audit.count(),
      audit.head(),
    ]);
    return {
      last,
      running: entries === null ? null : { entries, of: Math.max(of, entries) },
      newest: sequence,
    };
  }

  async function run(): Promise<void> {
    try {
      const anchor = (await lastCheck())?.anchor ?? null;
      let check = await readChain(anchor);
      // Archiving removes entries from Redis, and a check that was under way finds them missing.
      if (check.fault && ((await audit.archived())?.entries ?? 0) !== check.archived)
        check = await readChain(anchor);
      await audit.storeCheck(check, keyring.sign('check', signedText(check)));
      if (check.fault)
        log.error({ entry: check.fault.sequence, why: check.fault.why }, 'the audit log is broken');
    } finally {
      await audit.noteCheckProgress(null);
    }
  }

  async function readChain(anchor: ChainCheck['anchor'] | null): Promise<ChainCheck> {
    const verify = await trustedVerifier();
    const [head, archived] = [await audit.head(), await audit.archived()];
    const found = { entries: 0, sequence: archived?.sequence ?? 0, hash: archived?.hash ?? genesis };
    const ended = (fault: ChainCheck['fault']): ChainCheck => {
      const { entries, sequence, hash } = found;
      const at = new Date(now()).toISOString();
      return {
        at,
        entries,
        sequence,
        archived: archived?.entries ?? 0,
        anchor: anchor && (fault || anchor.sequence > sequence) ? anchor : { sequence, hash, at },
        fault,
      };
    };
    if (archived && verify(archived.key, archivedText(archived), archived.signature) !== true)
      return ended({
        sequence: null,
        at: null,
        why: t`the record of the archive is not signed by a known key`,
      });
    let meetsHead = found.hash === head.hash;
    let meetsAnchor = !anchor || anchor.sequence <= found.sequence;
    for (let id = '0-0'; ; ) {
      await audit.noteCheckProgress(found.entries);
      const rows = await audit.after(id, batchSize);
      if (rows.length === 0) break;
      const entries = rows.map(({ entry }) => entry);
      const broken = firstBrokenLink(entries, { from: found.hash, after: found.sequence, verify });
      for (const { hash, sequence = 0 } of entries.slice(0, broken?.index)) {
        if (hash === head.hash) meetsHead = true;
        if (hash === anchor?.hash) meetsAnchor = true;
        Object.assign(found, { entries: found.entries + 1, hash, sequence });
      }
      const wrong = broken && entries[broken.index];
      if (wrong)
        return ended({ sequence: wrong.sequence ?? found.sequence + 1, at: wrong.at, why: broken.why });
      id = rows.at(-1)?.id ?? id;
    }
    const next = found.sequence + 1;
    if (!meetsHead)
      return ended({ sequence: next, at: null, why: t`it is missing, and so is what came after it` });
    if (found.entries > 0 && found.sequence === 0)
      return ended({ sequence: null, at: null, why: t`no entry is signed` });
    if (anchor && !meetsAnchor) {
      const why = t`it is missing or was replaced after it was verified at ${secondsText(anchor.at)} UTC`;
      return ended({ sequence: anchor.sequence, at: null, why });
    }
    return ended(null);
  }

  /** Trusts the keys of RUNWATCH_SECRET and those that they introduced or replaced. */
  async function trustedVerifier(): Promise<AuditVerifier> {
    const changes: AuditEntry[] = [];
    for (let id = '0-0'; ; ) {
      const rows = await audit.after(id, batchSize);
      if (rows.length === 0) break;
      changes.push(...rows.map(({ entry }) => entry).filter(({ action }) => action === keyChange));
      id = rows.at(-1)?.id ?? id;
    }
    return withTrustedKeys(changes, auditVerifier(keyring.auditPublicKeys()));
  }

  return {
    state,
    /** Checks the log now; does nothing while a check runs. */
    check: async (): Promise<void> => {
      await deliveries.withLock('audit-check', lockMs, run);
    },
  };
}

const signedText = (check: ChainCheck): string => canonicalJson({ auditCheck: check });
