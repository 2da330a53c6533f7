import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { Config } from '../../config/config';
import type { Exception } from '../../domain/exceptions/exception';
import { ExceptionsFileError, parseExceptions } from '../../domain/exceptions/exceptions-file';
import { readExceptions } from '../replay';
import { count } from '../support/count';
import { writeFile } from '../support/file-fault';
import { CommandError, type Output } from '../support/output';
import { withStore } from '../support/with-store';
import { audited, missingSecret, save, warnOfUnknownScripts } from './save-exceptions';

export function parseStdin(): Exception[] {
  try {
    return parseExceptions(readFileSync(0, 'utf8'), 'stdin');
  } catch (error) {
    if (error instanceof ExceptionsFileError) throw new CommandError(error.message, 2);
    throw error;
  }
}

export function diff(before: Exception | undefined, after: Exception | undefined): string[] {
  const lines = (exception: Exception | undefined) =>
    exception ? stringify(exception).trimEnd().split('\n') : [];
  const old = new Set(lines(before));
  const fresh = new Set(lines(after));
  return [
    `@@ ${after?.id ?? before?.id}`,
    ...[...old].filter((line) => !fresh.has(line)).map((line) => `- ${line}`),
    ...[...fresh].filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

/**
 * Applies a file to the store and prints the changes. Without `prune`, exceptions not in the file are kept.
 */
export async function importExceptions(
  file: string,
  flags: { dryRun?: boolean; prune?: boolean; json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const wanted = file === '-' ? parseStdin() : readExceptions(file);
  warnOfUnknownScripts(wanted, output);
  await withStore(config, async (store, _, keyring) => {
    const known = new Map((await store.exceptions.list()).map((exception) => [exception.id, exception]));
    const written = wanted.map((exception) => {
      const before = known.get(exception.id);
      return { before, after: { ...before, ...exception } };
    });
    const changed = written.filter(({ before, after }) => !before || stringify(before) !== stringify(after));
    const ids = new Set(wanted.map(({ id }) => id));
    const pruned = flags.prune ? [...known.values()].filter(({ id }) => !ids.has(id)) : [];
    for (const { before, after } of changed) show(before, after, flags, output);
    const saved = flags.dryRun
      ? changed.map(({ after }) => after)
      : await save(
          changed.map(({ after }) => after),
          'exception.import',
          { store, keyring, config },
          output,
        );
    for (const before of pruned) {
      show(before, undefined, flags, output);
      if (flags.dryRun) continue;
      if (!keyring) throw missingSecret;
      await store.exceptions.remove(before.id, [audited('exception.remove', before.id, null)], randomUUID());
    }
    const added = saved.filter(({ id }) => !known.has(id)).length;
    const counts = [
      [added, 'added'],
      [saved.length - added, 'changed'],
      [pruned.length, 'removed'],
    ] as const;
    output.err(summaryOf(counts, wanted.length, flags.dryRun ?? false));
  });
}

function show(
  before: Exception | undefined,
  after: Exception | undefined,
  flags: { json?: boolean },
  output: Output,
): void {
  if (flags.json) {
    const change = before ? (after ? 'changed' : 'removed') : 'added';
    const exception = (after ?? before)?.id;
    output.out(JSON.stringify({ exception, change, before: before ?? null, after: after ?? null }));
  } else for (const line of diff(before, after)) output.out(line);
}

/** Such as "1 exception added, 2 removed". */
function summaryOf(
  counts: readonly (readonly [number: number, what: string])[],
  wanted: number,
  isDryRun: boolean,
): string {
  const some = counts.filter(([number]) => number > 0);
  const words = some.map(([number, what], index) => {
    if (index > 0) return `${number} ${what}`;
    return `${count(number, 'exception')} ${isDryRun ? 'would be ' : ''}${what}`;
  });
  if (isDryRun) return `Dry run: ${words.join(', ') || 'nothing would change'}; nothing was changed`;
  return (
    words.join(', ') || `nothing changed; ${count(wanted, 'exception is', 'exceptions are')} as in the file`
  );
}

/** Exports YAML for version control, or JSON lines. The text stays the same while nothing changes. */
export async function exportExceptions(
  flags: { output?: string; json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const list = await store.exceptions.list();
    const lines = flags.json
      ? list.map((exception) => JSON.stringify(exception))
      : [stringify({ exceptions: list }).trimEnd()];
    if (flags.output) writeFile('--output', flags.output, lines.map((line) => `${line}\n`).join(''));
    else for (const line of lines) output.out(line);
  });
}
