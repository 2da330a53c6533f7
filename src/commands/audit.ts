import { readFileSync, writeFileSync } from 'node:fs';
import type { Config } from '../config';
import { type AuditEntry, firstBrokenLink } from '../store/audit';
import { csvLine } from './csv';
import { CommandError, type Output } from './output';
import { withStore } from './with-store';

/** Checks the chain of hashes from the first entry to the head, here or in a copy; throws where it does not hold. */
export async function verifyAudit(
  file: string | undefined,
  flags: { json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  if (file) return judgeChain(readCopy(file), null, flags, output);
  await withStore(config, async (store) => {
    const [entries, head] = await Promise.all([store.audit.read(), store.audit.head()]);
    judgeChain(entries, head, flags, output);
  });
}

/** @param head the newest entry's hash; null where it is not known, as in a copy: a missing end can't be seen then */
function judgeChain(
  entries: readonly AuditEntry[],
  head: string | null,
  flags: { json?: boolean },
  output: Output,
): void {
  const broken = firstBrokenLink(entries);
  const cut = head !== null && broken === null && entries.length > 0 && entries.at(-1)?.hash !== head;
  if (flags.json)
    output.out(JSON.stringify({ entries: entries.length, whole: broken === null && !cut, brokenAt: broken }));
  else if (broken === null && !cut) output.out(`${entries.length} entries, the chain is whole`);
  if (broken !== null)
    throw new CommandError(
      `the chain breaks at entry ${broken + 1} (${entries[broken]?.at}, ${entries[broken]?.action}): it or one before it was changed or removed`,
      1,
    );
  if (cut) throw new CommandError('the newest entries are missing: the chain ends before its head', 1);
}

/** Entries of `audit export` or of the copied file. A line that a crash cut short stands there once more, whole, below. */
function readCopy(file: string): AuditEntry[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line, index) => {
    try {
      const { id: _, ...entry } = JSON.parse(line) as AuditEntry & { id?: string };
      return [entry];
    } catch {
      if (index < lines.length - 1) return [];
      throw new CommandError(`${file}:${index + 1}: the last line can't be read: it was cut or changed`, 1);
    }
  });
}

/** The audit trail as JSON lines, or as CSV that a spreadsheet takes for text. */
export async function exportAudit(
  flags: { format: 'jsonl' | 'csv'; output?: string },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const entries = await store.audit.read();
    const lines = flags.format === 'csv' ? toCsv(entries) : entries.map((entry) => JSON.stringify(entry));
    if (flags.output) writeFileSync(flags.output, `${lines.join('\n')}\n`);
    else for (const line of lines) output.out(line);
  });
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
