import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
/** If set, each property runs for this long instead of `numRuns` times. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const folder = join(__dirname, '../corpus');

/**
 * Checks a property with its examples from the corpus first, then with generated ones. With FUZZ_KEEP a
 * failing example is added to the corpus (commit it with the fix). FUZZ_SEED repeats a run.
 */
export function fuzz<T extends [unknown, ...unknown[]]>(name: string, property: fc.IProperty<T>): void {
  report(name, fc.check(property, parameters(name)));
}

/** Like {@link fuzz}, for an async property. */
export async function fuzzAsync<T extends [unknown, ...unknown[]]>(
  name: string,
  property: fc.IAsyncProperty<T>,
): Promise<void> {
  report(name, await fc.check(property, parameters(name)));
}

const fileOf = (name: string) => join(folder, `${name}.json`);
const corpusOf = <T>(name: string): T[] =>
  existsSync(fileOf(name)) ? JSON.parse(readFileSync(fileOf(name), 'utf8')) : [];

function parameters<T>(name: string): fc.Parameters<T> {
  const examples = corpusOf<T>(name);
  return {
    examples,
    ...(process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {}),
    ...(seconds
      ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 }
      : { numRuns: numRuns + examples.length }),
  };
}

function report<T>(name: string, details: fc.RunDetails<T>): void {
  if (!details.failed || (details.interrupted && !details.counterexample)) return;
  if (process.env.FUZZ_KEEP && details.counterexample)
    writeFileSync(fileOf(name), `${JSON.stringify([...corpusOf(name), details.counterexample], null, 1)}\n`);
  throw new Error(fc.defaultReportMessage(details));
}
