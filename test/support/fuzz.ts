import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
/** Each property runs this long instead of a number of times. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const folder = join(__dirname, '../corpus');

/**
 * Checks a property with what the corpus keeps of it first, then with what fast-check makes up. With FUZZ_KEEP what fails is
 * added to the corpus (commit it with its mending); FUZZ_SEED plays a run again.
 */
export function fuzz<T extends [unknown, ...unknown[]]>(name: string, property: fc.IProperty<T>): void {
  judge(name, fc.check(property, parameters(name)));
}

/** As {@link fuzz}, of a property that waits. */
export async function fuzzAsync<T extends [unknown, ...unknown[]]>(
  name: string,
  property: fc.IAsyncProperty<T>,
): Promise<void> {
  judge(name, await fc.check(property, parameters(name)));
}

const fileOf = (name: string) => join(folder, `${name}.json`);
const keptOf = <T>(name: string): T[] =>
  existsSync(fileOf(name)) ? JSON.parse(readFileSync(fileOf(name), 'utf8')) : [];

function parameters<T>(name: string): fc.Parameters<T> {
  const examples = keptOf<T>(name);
  return {
    examples,
    ...(process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {}),
    ...(seconds
      ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 }
      : { numRuns: numRuns + examples.length }),
  };
}

function judge<T>(name: string, details: fc.RunDetails<T>): void {
  if (!details.failed || (details.interrupted && !details.counterexample)) return;
  if (process.env.FUZZ_KEEP && details.counterexample)
    writeFileSync(fileOf(name), `${JSON.stringify([...keptOf(name), details.counterexample], null, 1)}\n`);
  throw new Error(fc.defaultReportMessage(details));
}
