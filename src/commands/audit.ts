import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config';
import {
  type AuditEntry,
  type AuditVerifier,
  firstBrokenLink,
  genesis,
  keyChange,
} from '../domain/audit/audit-chain';
import { auditVerifier, createKeyring } from '../runtime/keyring';
import { type AuditHead, archivedText, type SignedArchived } from '../store/audit/audit-log';
import { readSecretFile } from '../store/redis/secret-file';
import { csvLine } from './support/csv';
import { CommandError, type Output } from './support/output';
import { withStore } from './support/with-store';

export interface VerifyFlags {
  /** Files with public keys in PEM. */
  key?: string[];
  offline?: boolean;
  json?: boolean;
}

/** A copy that the bot writes is never further behind, ms; an export is of its moment. */
const lagMs = 10 * 60_000;

/** What a log or a copy of it is found to be. */
interface Finding {
  /** "Redis", or a file's path. */
  source: string;
  entries: number;
  signed: number;
  /** Of the first and the last entry, RFC 3339; null when there is none. */
  from: string | null;
  to: string | null;
  /** What is wrong, in words; empty when it is whole. */
  faults: string[];
  /** What is worth knowing and no fault. */
  notes: string[];
}

/**
 * Checks the log in Redis and its archive, or copies: each link, number and signature, and whether the newest entries are
 * there. Copies are compared with Redis, where it can be reached.
 * @throws {CommandError} 1 where anything does not hold
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
    throw new CommandError('there is no log here: name a copy, or set REDIS_URL or RUNWATCH_DATA_DIR', 1);
  const log = online ? await readLog(config) : null;
  const findings = [
    ...(log ? [judgeLog(log, verify, config)] : []),
    ...copies.map(({ file, entries, head }) => judgeCopy(file, entries, head, verify, log)),
  ];
  for (const finding of findings) {
    if (flags.json) output.out(JSON.stringify({ ...finding, whole: finding.faults.length === 0 }));
    else tell(finding, verify !== null, output);
  }
  const faults = findings.flatMap(({ source, faults: found }) => found.map((fault) => `${source}: ${fault}`));
  if (faults.length > 0) throw new CommandError(faults.join('; '), 1);
}

function tell(finding: Finding, checked: boolean, output: Output): void {
  const { source, entries, signed, from, to, faults, notes } = finding;
  const span = from && to ? `, from ${from} to ${to}` : '';
  const signatures =
    signed > 0 ? `, ${signed} signed${checked ? '' : ' (signatures not checked: no key)'}` : '';
  output.out(`${source}: ${entries} entries${span}${signatures}${faults.length === 0 ? ', whole' : ''}`);
  for (const note of notes) output.out(`  ${note}`);
}

/** By the given public keys, else those of RUNWATCH_SECRET; null where none is known. */
function verifierOf({ key }: VerifyFlags, config: Config): AuditVerifier | null {
  if (key?.length) {
    try {
      return auditVerifier(key.map((file) => readFileSync(file, 'utf8')));
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
    const [kept, head] = await Promise.all([audit.read(), audit.head()]);
    const { archive } = config.policy.audit ?? {};
    const older = archived && archive ? readArchive(archive) : [];
    return { entries: [...older, ...kept], head, archived };
  });

/** A crash may have left the same entries in two files. */
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

function judgeLog({ entries, head, archived }: Log, verify: AuditVerifier | null, config: Config): Finding {
  const inArchive = archived !== null && config.policy.audit?.archive === undefined;
  const from = inArchive ? archived.hash : genesis;
  const finding = judge('Redis', entries, verify, from);
  if (inArchive)
    finding.notes.push(
      `${archived.entries} older entries are in the archive, which is not configured here and was not checked`,
    );
  const last = entries.at(-1);
  if (archived && verify && verify(archived.key, archivedText(archived), archived.signature) !== true)
    finding.faults.push('what is said to be in the archive is not signed by a known key');
  if (entries.length > 0 && finding.signed === 0)
    finding.faults.push('none of its entries is signed: 0.1 wrote all of them, or somebody rewrote the log');
  if (finding.faults.length === 0 && (last?.hash ?? from) !== head.hash) {
    const missing = head.sequence - (last?.sequence ?? (inArchive ? archived.sequence : 0));
    finding.faults.push(`the newest ${missing > 0 ? `${missing} entries are` : 'entries are'} missing`);
  }
  return finding;
}

function judgeCopy(
  file: string,
  entries: AuditEntry[],
  head: AuditHead | null,
  verify: AuditVerifier | null,
  log: Log | null,
): Finding {
  const first = entries[0];
  const partial = first && first.prev !== genesis && (first.sequence ?? 0) > 1;
  const finding = judge(file, entries, verify, partial ? first.prev : genesis);
  if (partial) finding.notes.push(`it begins with entry ${first.sequence}`);
  const last = entries.at(-1);
  if (head && head.sequence > (last?.sequence ?? 0))
    finding.faults.push(`its newest ${head.sequence - (last?.sequence ?? 0)} entries are missing`);
  if (!log) return finding;
  const known = new Map(log.entries.map((entry) => [entry.hash, entry]));
  const oldest = log.entries[0]?.sequence ?? 0;
  const lacking = entries.filter((entry) => !known.has(entry.hash) && (entry.sequence ?? 0) >= oldest);
  if (lacking.length > 0)
    finding.faults.push(`${lacking.length} of its entries are missing or different in Redis`);
  const behind = log.head.sequence - (last?.sequence ?? 0);
  const next = log.entries.find(({ sequence = 0 }) => sequence > (last?.sequence ?? 0));
  const isLate = next !== undefined && Date.now() - Date.parse(next.at) > lagMs;
  if (behind > 0 && head && isLate)
    finding.faults.push(`its newest ${behind} entries are missing: Redis has them`);
  else if (behind > 0) finding.notes.push(`Redis has ${behind} newer entries`);
  return finding;
}

function judge(
  source: string,
  entries: readonly AuditEntry[],
  verify: AuditVerifier | null,
  from: string,
): Finding {
  const broken = firstBrokenLink(entries, { from, verify: verify && withVouchedKeys(entries, verify) });
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

/** A key that an entry signed by a known one names is known too: what an older or a newer secret signed can be checked. */
function withVouchedKeys(entries: readonly AuditEntry[], verify: AuditVerifier): AuditVerifier {
  let known = verify;
  for (const { action, details, key = '', hash, signature = '' } of entries) {
    if (action !== keyChange || known(key, hash, signature) !== true) continue;
    const pems = [details?.publicKey, details?.previousKey].filter((pem) => typeof pem === 'string');
    const before = known;
    const more = auditVerifier(pems);
    known = (...signed) => before(...signed) ?? more(...signed);
  }
  return known;
}

/** Entries of `audit export` or of the copied file. A line that a crash cut short stands there once more, whole, below. */
function readCopy(file: string): { entries: AuditEntry[]; head: AuditHead | null } {
  let head: AuditHead | null = null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`, 2);
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
      throw new CommandError(`${file}:${index + 1}: the last line can't be read: it was cut or changed`, 1);
    }
  });
  return { entries, head };
}

/** The public key that checks the log's signatures; whoever has it can check entries and make none. */
export function auditKey(flags: { json?: boolean }, config: Config, output: Output): void {
  const keyring = keyringOf(config);
  if (!keyring) throw new CommandError('RUNWATCH_SECRET: unset, expected the value that the bot has', 2);
  for (const publicKey of keyring.auditPublicKeys())
    output.out(flags.json ? JSON.stringify({ algorithm: 'Ed25519', publicKey }) : publicKey.trimEnd());
}

/** The audit log as JSON lines, or as CSV that a spreadsheet takes for text. */
export async function exportAudit(
  flags: { format: 'jsonl' | 'csv'; output?: string },
  config: Config,
  output: Output,
): Promise<void> {
  const { entries } = await readLog(config);
  const lines = flags.format === 'csv' ? toCsv(entries) : entries.map((entry) => JSON.stringify(entry));
  if (flags.output) writeFileSync(flags.output, `${lines.join('\n')}\n`);
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
