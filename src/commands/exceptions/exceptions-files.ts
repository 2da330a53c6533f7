import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { Config } from '../../config/config';
import type { Exception } from '../../domain/exceptions/exception';
import { ExceptionsFileError, parseExceptions } from '../../domain/exceptions/exceptions-file';
import { readExceptions } from '../replay';
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
  flags: { dryRun?: boolean; prune?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const wanted = file === '-' ? parseStdin() : readExceptions(file);
  warnOfUnknownScripts(wanted, output);
  await withStore(config, async (store, _, keyring) => {
    const known = new Map((await store.exceptions.list()).map((exception) => [exception.id, exception]));
    let removed = 0;
    const changed: Exception[] = [];
    for (const exception of wanted) {
      const before = known.get(exception.id);
      known.delete(exception.id);
      const after = { ...before, ...exception };
      if (before && stringify(before) === stringify(after)) continue;
      for (const line of diff(before, after)) output.out(line);
      changed.push(after);
    }
    const saved = flags.dryRun
      ? changed
      : await save(changed, 'exception.import', { store, keyring, config }, output);
    for (const [id, before] of flags.prune ? known : []) {
      for (const line of diff(before, undefined)) output.out(line);
      removed++;
      if (flags.dryRun) continue;
      if (!keyring) throw missingSecret;
      await store.exceptions.remove(id, [audited('exception.remove', id, null)], randomUUID());
    }
    output.err(
      `${saved.length + removed} of ${wanted.length} exceptions ${flags.dryRun ? 'would change' : 'changed'}`,
    );
  });
}

/** Exports YAML for version control. The text stays the same while nothing changes. */
export async function exportExceptions(
  flags: { output?: string },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const text = stringify({ exceptions: await store.exceptions.list() }).trimEnd();
    if (flags.output) writeFile('--output', flags.output, `${text}\n`);
    else output.out(text);
  });
}
