import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config';
import { type AuditEntry, type AuditVerifier, firstBrokenLink, genesis } from '../domain/audit/audit-chain';
import { csvLine } from '../domain/text/csv-line';
import { auditVerifier, createKeyring } from '../runtime/keyring';
import { withTrustedKeys } from '../runtime/trusted-audit-keys';
import { type AuditHead, archivedText, type SignedArchived } from '../store/audit/audit-log';
import { readSecretFile } from '../store/redis/secret-file';
import type { Store } from '../store/store';
import { count } from './support/count';
import { fileFault, writeFile } from './support/file-fault';
import { CommandError, type Output } from './support/output';
import { withStore } from './support/with-store';

export interface VerifyFlags {
  /** PEM files with public keys. */
  key?: string[];
  offline?: boolean;
  json?: boolean;
}

/** Maximum lag of the copy that the bot writes, ms. An export is a snapshot and has no limit. */
const lagMs = 10 * 60_000;

/** The result of checking a log or a copy. */
interface Finding {
  /** "Redis" or a file path. */
  source: string;
  entries: number;
  signed: number;
  /** Times of the first and last entry, RFC 3339; null if there are none. */
  from: string | null;
  to: string | null;
  /** What is wrong; empty if the log is complete. */
  faults: string[];
  /** Remarks that are not faults. */
  notes: string[];
}

/**
 * Checks the log in Redis and its archive, or copies of it: each hash link, sequence number and signature,
 * and that the newest entries are present. Compares copies with Redis if it is available.
 * @throws {CommandError} 1 if a check fails
 */
export async function verifyAudit(
  files: readonly string[],
  flags: VerifyFlags,
  config: Config,
  output: Output,
): Promise<void> {
  const verify = verifierOf(flags, config);
  const copies = files.map((file) => ({ file, ...readCopy(file) }));
  const online = !flags.offline && (config.redisUrl !== null || existsSync(config.dataDir));
  if (!online && files.length === 0)
    throw new CommandError('no audit log found; pass a copy, or set REDIS_URL or RUNWATCH_DATA_DIR', 1);
  const log = online ? await readLog(config) : null;
  const findings = [
    ...(log ? [checkLog(log, verify, config)] : []),
    ...copies.map(({ file, entries, head }) => checkCopy(file, entries, head, verify, log)),
  ];
  for (const finding of findings) {
    if (flags.json) output.out(JSON.stringify({ ...finding, whole: finding.faults.length === 0 }));
    else printFinding(finding, verify !== null, output);
  }
  const faults = findings.flatMap(({ source, faults: found }) => found.map((fault) => `${source}: ${fault}`));
  if (faults.length > 0) throw new CommandError(faults.join('; '), 1);
}

function printFinding(finding: Finding, checked: boolean, output: Output): void {
  const { source, entries, signed, from, to, faults, notes } = finding;
  const span = from && to ? `, from ${from} to ${to}` : '';
  const signatures =
    signed > 0 ? `, ${signed} signed${checked ? '' : ' (signatures not checked: no key)'}` : '';
  output.out(
    `${source}: ${count(entries, 'entry', 'entries')}${span}${signatures}${faults.length === 0 ? ', complete' : ''}`,
  );
  for (const note of notes) output.out(`  ${note}`);
}

/** Verifies with the given public keys, or else those of RUNWATCH_SECRET; null if there are none. */
function verifierOf({ key }: VerifyFlags, config: Config): AuditVerifier | null {
  if (key?.length) {
    const pems = key.map((file) => {
      try {
        return readFileSync(file, 'utf8');
      } catch (error) {
        throw new CommandError(`--key: ${file}: ${fileFault(error)}`, 2);
      }
    });
    try {
      return auditVerifier(pems);
    } catch (error) {
      throw new CommandError(`--key: ${(error as Error).message}`, 2);
    }
  }
  const keyring = keyringOf(config);
  return keyring && auditVerifier(keyring.auditPublicKeys());
}

const keyringOf = (config: Config) => {
  const secrets =
    config.secrets ??
    (config.redisUrl === null && existsSync(config.dataDir)
      ? { current: readSecretFile(config.dataDir), previous: null }
      : null);
  return secrets && createKeyring(secrets);
};

interface Log {
  entries: AuditEntry[];
  head: AuditHead;
  archived: SignedArchived | null;
}

const readLog = (config: Config): Promise<Log> =>
  withStore(config, async ({ audit }) => {
    const archived = await audit.archived();
    const head = await audit.head();
    const kept = await readUpTo(head, audit);
    const { archive } = config.policy.audit ?? {};
    const older = archived && archive ? readArchive(archive) : [];
    return { entries: [...older, ...kept], head, archived };
  });

/** Entries that are appended meanwhile are left out. */
async function readUpTo({ hash }: AuditHead, audit: Store['audit']): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const page of audit.pages()) {
    const last = page.findIndex((entry) => entry.hash === hash);
    entries.push(...(last < 0 ? page : page.slice(0, last + 1)));
    if (last >= 0) break;
  }
  return entries;
}

/** Removes duplicates, since a crash can leave the same entries in two files. */
function readArchive(folder: string): AuditEntry[] {
  const seen = new Set<string>();
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^audit-\d+-\d+\.jsonl$/.test(name))
    : [];
  return names
    .sort()
    .flatMap((name) => readCopy(join(folder, name)).entries)
    .filter(({ hash }) => !seen.has(hash) && seen.add(hash));
}

const missingNewest = (whose: 'the' | 'its', missing: number) =>
  missing === 1 ? `${whose} newest entry is missing` : `${whose} newest ${missing} entries are missing`;

function checkLog({ entries, head, archived }: Log, verify: AuditVerifier | null, config: Config): Finding {
  const inArchive = archived !== null && config.policy.audit?.archive === undefined;
  const from = inArchive ? archived.hash : genesis;
  const finding = checkEntries('Redis', entries, verify, from);
  if (inArchive)
    finding.notes.push(
      `not checked: ${count(archived.entries, 'older entry', 'older entries')} in the archive, which is not configured here`,
    );
  const last = entries.at(-1);
  if (archived && verify && verify(archived.key, archivedText(archived), archived.signature) !== true)
    finding.faults.push('the record of the archive is not signed by a known key');
  if (entries.length > 0 && finding.signed === 0)
    finding.faults.push('no entry is signed: version 0.1 wrote all of them, or someone rewrote the log');
  if (finding.faults.length === 0 && (last?.hash ?? from) !== head.hash) {
    const missing = head.sequence - (last?.sequence ?? (inArchive ? archived.sequence : 0));
    finding.faults.push(missing > 0 ? missingNewest('the', missing) : 'the newest entries are missing');
  }
  return finding;
}

function checkCopy(
  file: string,
  entries: AuditEntry[],
  head: AuditHead | null,
  verify: AuditVerifier | null,
  log: Log | null,
): Finding {
  const first = entries[0];
  const partial = first && first.prev !== genesis && (first.sequence ?? 0) > 1;
  const finding = checkEntries(file, entries, verify, partial ? first.prev : genesis);
  if (partial) finding.notes.push(`it starts at entry ${first.sequence}`);
  const last = entries.at(-1);
  if (head && head.sequence > (last?.sequence ?? 0))
    finding.faults.push(missingNewest('its', head.sequence - (last?.sequence ?? 0)));
  if (!log) return finding;
  const known = new Map(log.entries.map((entry) => [entry.hash, entry]));
  const oldest = log.entries[0]?.sequence ?? 0;
  const unmatched = entries.filter((entry) => !known.has(entry.hash) && (entry.sequence ?? 0) >= oldest);
  if (unmatched.length > 0)
    finding.faults.push(`missing or different in Redis: ${count(unmatched.length, 'entry', 'entries')}`);
  const behind = log.head.sequence - (last?.sequence ?? 0);
  const next = log.entries.find(({ sequence = 0 }) => sequence > (last?.sequence ?? 0));
  const isLate = next !== undefined && Date.now() - Date.parse(next.at) > lagMs;
  if (behind > 0 && head && isLate) finding.faults.push(`${missingNewest('its', behind)}: Redis has more`);
  else if (behind > 0) finding.notes.push(`Redis has ${count(behind, 'newer entry', 'newer entries')}`);
  return finding;
}

function checkEntries(
  source: string,
  entries: readonly AuditEntry[],
  verify: AuditVerifier | null,
  from: string,
): Finding {
  const broken = firstBrokenLink(entries, { from, verify: verify && withTrustedKeys(entries, verify) });
  const at = broken && entries[broken.index];
  return {
    source,
    entries: entries.length,
    signed: entries.filter(({ signature }) => signature !== undefined).length,
    from: entries[0]?.at ?? null,
    to: entries.at(-1)?.at ?? null,
    faults: broken
      ? [`the chain breaks at entry ${broken.index + 1} (${at?.at}, ${at?.action}): ${broken.why}`]
      : [],
    notes: [],
  };
}

/**
 * Reads the entries of an export or a copied file. Skips a line that a crash truncated, since the copy
 * repeats the whole entry on a later line.
 */
function readCopy(file: string): { entries: AuditEntry[]; head: AuditHead | null } {
  let head: AuditHead | null = null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${fileFault(error)}; pass exported or copied JSON lines`, 2);
  }
  const lines = text.split('\n').filter(Boolean);
  const entries = lines.flatMap((line, index) => {
    try {
      const { id: _, ...entry } = JSON.parse(line) as AuditEntry & { id?: string; head?: AuditHead };
      if (entry.head) {
        head = entry.head;
        return [];
      }
      return [entry];
    } catch {
      if (index < lines.length - 1) return [];
      throw new CommandError(`${file}:${index + 1}: the last line is truncated or was changed`, 1);
    }
  });
  return { entries, head };
}

/** Prints the public key for the log's signatures. It verifies entries but cannot create them. */
export function auditKey(flags: { json?: boolean }, config: Config, output: Output): void {
  const keyring = keyringOf(config);
  if (!keyring) throw new CommandError('RUNWATCH_SECRET: unset, expected the same value as the bot', 2);
  for (const publicKey of keyring.auditPublicKeys())
    output.out(flags.json ? JSON.stringify({ algorithm: 'Ed25519', publicKey }) : publicKey.trimEnd());
}

/** Exports the audit log as JSON lines, or as CSV that spreadsheets treat as text. */
export async function exportAudit(
  flags: { format: 'jsonl' | 'csv'; output?: string },
  config: Config,
  output: Output,
): Promise<void> {
  const { entries } = await readLog(config);
  const lines = flags.format === 'csv' ? toCsv(entries) : entries.map((entry) => JSON.stringify(entry));
  if (flags.output) writeFile('--output', flags.output, `${lines.join('\n')}\n`);
  else for (const line of lines) output.out(line);
}

const columns = ['at', 'who', 'surface', 'action', 'result', 'alert', 'object', 'why', 'hash'];

export function toCsv(entries: readonly AuditEntry[]): string[] {
  const rows = entries.map((e) => [
    e.at,
    e.by.email ?? e.by.name,
    e.by.surface,
    e.action,
    e.result,
    e.alertId ?? '',
    e.object ?? '',
    e.why ?? '',
    e.hash,
  ]);
  return [columns, ...rows].map(csvLine);
}
